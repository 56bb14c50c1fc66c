module MetricLearning.Core.Tests.Metric.RandomTripletTests

open System
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

let random =
    let labels = [| 0L; 0; 3; 0; 1; 0; 2; 0; 0; 1; 1; 1 |]

    testList
        "random triplets"
        [
            test "anchors come class by class, each as often as its class has members" {
                let struct (a, _, _) = RandomTriplets.draw (Nullable()) seed labels null

                let times count anchors =
                    [
                        for anchor in anchors do
                            yield! List.replicate count anchor
                    ]

                Expect.equal
                    (Array.toList a)
                    (times 6 [ 0L; 1; 3; 5; 7; 8 ] @ times 4 [ 4L; 9; 10; 11 ])
                    "classes 2 and 3 have no pair"
            }

            testPropertyWithConfig Checked.config "are triplets, as many an anchor as asked, whatever the seed"
            <| fun (codes: byte[]) (number: int64) (PositiveInt perAnchor) ->
                let labels = classes codes
                let perAnchor = perAnchor % 7 + 1

                let struct (a, p, n) =
                    RandomTriplets.draw (Nullable perAnchor) (Seed.ofInt64 number) labels null

                for a, p, n in Array.zip3 a p n do
                    Expect.isTrue (a <> p && labels[int a] = labels[int p]) "a positive that is another sample"
                    Expect.notEqual labels[int a] labels[int n] "a negative"

                let possible (anchor: int64) =
                    let same = labels |> Array.filter ((=) labels[int anchor]) |> Array.length
                    same > 1 && same < labels.Length

                let expected = Seq.init labels.Length int64 |> Seq.filter possible |> Seq.length
                Expect.hasLength a (expected * perAnchor) "as many as asked"

            testPropertyWithConfig Checked.config "are a function of labels and seed"
            <| fun (codes: byte[]) (number: int64) ->
                let draw number =
                    RandomTriplets.draw (Nullable 5) (Seed.ofInt64 number) (classes codes) null

                Expect.equal (draw number) (draw number) "the same"

            test "take every positive and negative about equally often" {
                let struct (a, p, n) = RandomTriplets.draw (Nullable 6000) seed labels null

                let shares chosen =
                    Array.zip a chosen
                    |> Array.filter (fun (anchor, _) -> anchor = 4L)
                    |> Array.countBy snd
                    |> Array.sort

                Expect.equal (Array.map fst (shares p)) [| 9L; 10; 11 |] "three positives of sample 4"
                Expect.equal (Array.map fst (shares n)) [| 0L; 1; 2; 3; 5; 6; 7; 8 |] "eight negatives"
                // Standard deviations are 37 and 26.
                for _, count in shares p do
                    Expect.isTrue (abs (count - 2000) < 220) $"{count} of 2000"

                for _, count in shares n do
                    Expect.isTrue (abs (count - 750) < 160) $"{count} of 750"
            }

            test "with reference labels one other sample of the class is enough" {
                let struct (a, p, n) =
                    RandomTriplets.draw (Nullable 1) seed [| 0L; 1; 2 |] [| 1L; 0; 0 |]

                Expect.equal a [| 0L; 1 |] "2 has no positive"
                Expect.isTrue (p[0] > 0L && p[1] = 0L) "positives"
                Expect.isTrue (n[0] = 0L && n[1] > 0L) "negatives"
            }
        ]
