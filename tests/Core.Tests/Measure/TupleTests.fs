module MetricLearning.Core.Tests.Measure.TupleTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Tests.Feed.Expectations
open MetricLearning.Core.Tests.Measure.Batches

let private pairsOf (struct (a1, p, a2, n): struct (torch.Tensor * torch.Tensor * torch.Tensor * torch.Tensor)) =
    Array.zip (numbers a1) (numbers p), Array.zip (numbers a2) (numbers n)

let private tripletsOf (struct (a, p, n): struct (torch.Tensor * torch.Tensor * torch.Tensor)) =
    Array.zip3 (numbers a) (numbers p) (numbers n)

let private positivePairs (labels: int64[]) =
    [|
        for a in 0 .. labels.Length - 1 do
            for p in 0 .. labels.Length - 1 do
                if a <> p && labels[a] = labels[p] then
                    int64 a, int64 p
    |]

let private negativePairs (labels: int64[]) =
    [|
        for a in 0 .. labels.Length - 1 do
            for n in 0 .. labels.Length - 1 do
                if labels[a] <> labels[n] then
                    int64 a, int64 n
    |]

let private always = lazy seed

let private conversions =
    testList
        "conversions"
        [
            testPropertyWithConfig few "all pairs are those that labels say, row by row"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = classes codes
                let positive, negative = pairsOf (Tuples.allPairs (vector labels) null)
                Expect.equal positive (positivePairs labels) "positive"
                Expect.equal negative (negativePairs labels) "negative"

            testPropertyWithConfig few "with reference labels, a sample may be its own positive"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = vector (classes codes)
                let positive, _ = pairsOf (Tuples.allPairs labels (labels.clone ()))
                let among, _ = pairsOf (Tuples.allPairs labels null)
                Expect.hasLength positive (among.Length + codes.Length) "each sample matches itself as well"

            testPropertyWithConfig few "all triplets are the positive pairs with the negatives of their anchor"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = classes codes
                let made = tripletsOf (Tuples.allTriplets (vector labels) null)

                let expected =
                    [|
                        for a, p in positivePairs labels do
                            for b, n in negativePairs labels do
                                if a = b then
                                    a, p, n
                    |]

                Expect.equal made expected "triplets"

            testPropertyWithConfig few "triplets of all pairs are all triplets"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = vector (classes codes)
                let struct (a1, p, a2, n) = Tuples.allPairs labels null

                Expect.equal
                    (tripletsOf (Tuples.tripletsOfPairs a1 p a2 n))
                    (tripletsOf (Tuples.allTriplets labels null))
                    "triplets"

            testPropertyWithConfig few "what is in a form already stays as it is"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = vector (classes codes)
                let struct (a1, p, a2, n) as pairs = Tuples.allPairs labels null
                let struct (a, tp, tn) as triplets = Tuples.allTriplets labels null

                Expect.equal (pairsOf (Tuples.toPairs labels null (Tuples.Pairs(a1, p, a2, n)))) (pairsOf pairs) "pairs"

                Expect.equal
                    (tripletsOf (Tuples.toTriplets (Nullable()) always labels null (Tuples.Triplets(a, tp, tn))))
                    (tripletsOf triplets)
                    "triplets"

            testPropertyWithConfig few "unique label pairs: one for each label that has a pair, the first"
            <| fun (codes: byte[]) ->
                use _ = torch.NewDisposeScope()
                let labels = classes codes
                let struct (a, p) = Tuples.uniqueLabelPairs (vector labels) null Tuples.All

                let expected =
                    positivePairs labels |> Array.distinctBy (fun (anchor, _) -> labels[int anchor])

                Expect.equal (Array.zip (numbers a) (numbers p)) expected "pairs"

            test "weights count how often a sample is taken, relative to the most frequent" {
                use _ = torch.NewDisposeScope()

                let weights =
                    Tuples.toWeights 8L true (torch.zeros (1L, dtype = torch.float64)) (Known.pairs ())

                let expected = [| 1.0; 1.0 / 3.0; 0.0; 2.0 / 3.0; 1.0 / 3.0; 1.0 / 3.0; 0.0; 0.0 |]
                Expect.equal (floats weights) expected "weights"
            }

            test "weights are 1 where nothing is taken, and count anchors only with a reference set" {
                use _ = torch.NewDisposeScope()
                let like = torch.zeros (1L, dtype = torch.float64)
                let nothing = vector []

                Expect.equal
                    (floats (Tuples.toWeights 2L true like (Tuples.Triplets(nothing, nothing, nothing))))
                    [| 1.0; 1.0 |]
                    "nothing"

                Expect.equal
                    (floats (Tuples.toWeights 4L false like (Known.pairs ())))
                    [| 1.0; 0.0; 0.0; 1.0 / 3.0 |]
                    "anchors 0, 3, 0, 0"
            }

            test "shifting moves positives and negatives, not anchors" {
                use _ = torch.NewDisposeScope()

                match Tuples.shift 10L (Known.pairs ()) with
                | Tuples.Pairs(a1, p, a2, n) ->
                    Expect.equal
                        [ numbers a1; numbers p; numbers a2; numbers n ]
                        [ [| 0; 3 |]; [| 11; 14 |]; [| 0; 0 |]; [| 13; 15 |] ]
                        "pairs"
                | other -> failtest $"{other}"

                match Tuples.shift 10L (Tuples.Triplets(vector [ 1 ], vector [ 2 ], vector [ 3 ])) with
                | Tuples.Triplets(a, p, n) ->
                    Expect.equal [ numbers a; numbers p; numbers n ] [ [| 1 |]; [| 12 |]; [| 13 |] ] "triplets"
                | other -> failtest $"{other}"
            }

            test "self comparisons leave positives, or whole triplets" {
                use _ = torch.NewDisposeScope()
                let a, p, n = vector [ 0; 1; 2 ], vector [ 0; 2; 2 ], vector [ 3; 4; 5 ]

                match Tuples.withoutSelf (Tuples.Triplets(a, p, n)) with
                | Tuples.Triplets(a, p, n) ->
                    Expect.equal [ numbers a; numbers p; numbers n ] [ [| 1 |]; [| 2 |]; [| 4 |] ] "triplets"
                | other -> failtest $"{other}"

                match Tuples.withoutSelf (Tuples.Pairs(a, p, a, n)) with
                | Tuples.Pairs(a1, p, a2, n) ->
                    Expect.equal
                        [ numbers a1; numbers p; numbers a2; numbers n ]
                        [ [| 1 |]; [| 2 |]; [| 0; 1; 2 |]; [| 3; 4; 5 |] ]
                        "pairs"
                | other -> failtest $"{other}"
            }

            test "indices that do not go together are refused" {
                use _ = torch.NewDisposeScope()

                throws<ArgumentException> "there are 2 and 1" (fun () ->
                    Tuples.check (Tuples.Triplets(vector [ 0; 1 ], vector [ 1 ], vector [ 2; 2 ])))

                throws<ArgumentException> "int64 vectors" (fun () ->
                    Tuples.check (Tuples.Triplets(torch.zeros 2L, vector [ 1; 1 ], vector [ 2; 2 ])))
            }
        ]

let private random =
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

            testProperty "are triplets, as many an anchor as asked, whatever the seed"
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

            testProperty "are a function of labels and seed"
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

let tests = testList "tuples" [ conversions; random ]
