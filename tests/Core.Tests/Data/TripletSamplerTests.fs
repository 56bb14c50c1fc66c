module MetricLearning.Core.Tests.Data.TripletSamplerTests

open System
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private seed = Seed.ofInt64 7L

let private triplets (sampler: Sampler) seed pass =
    sampler.Pass(seed, pass) |> Seq.toArray |> Array.chunkBySize 3

let tests =
    testList
        "fixed triplets"
        [
            testPropertyWithConfig
                Checked.config
                "two of one class and one of another, the same in every pass, in another order"
            <| fun (NonEmptyArray(codes: byte[])) (PositiveInt count) ->
                let labels =
                    Array.append [| 0L; 1L |] (codes |> Array.map (fun code -> int64 (code % 5uy)))

                let sizes = labels |> Array.countBy id |> Map.ofArray
                let sampler = FixedSetOfTriplets(labels, count)
                let first = triplets sampler seed 0L
                Expect.equal (Nullable(3L * int64 first.Length)) sampler.Length "the length"
                Expect.equal first.Length count "triplets"

                Expect.all
                    first
                    (fun triplet ->
                        let label place = labels[int triplet[place]]

                        label 0 = label 1
                        && label 0 <> label 2
                        && (triplet[0] <> triplet[1] || sizes[label 0] = 1))
                    "labels"

                Expect.equal (Array.sort (triplets sampler seed 1L)) (Array.sort first) "the same triplets"
                Expect.equal (triplets (FixedSetOfTriplets(labels, count)) seed 0L) first "a function of seed and pass"

            test "passes and seeds differ" {
                let sampler = FixedSetOfTriplets([| for index in 0L .. 99L -> index % 10L |], 50)
                Expect.notEqual (triplets sampler seed 0L) (triplets sampler seed 1L) "order"
                let other = triplets sampler (Seed.ofInt64 8L) 0L
                Expect.notEqual (Array.sort other) (Array.sort (triplets sampler seed 0L)) "triplets"
            }

            test "mistakes are named" {
                throws<ArgumentException> "numTriplets is 0" (fun () -> FixedSetOfTriplets([| 0L; 1L |], 0) |> ignore)

                throws<ArgumentException> "two different labels; there are 1" (fun () ->
                    FixedSetOfTriplets([| 4L; 4L |], 2) |> ignore)
            }
        ]
