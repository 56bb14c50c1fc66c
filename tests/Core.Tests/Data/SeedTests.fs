module MetricLearning.Core.Tests.Data.SeedTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support


let tests =
    testList
        "seed"
        [
            testPropertyWithConfig Checked.config "choose gives different numbers of the population"
            <| fun (NonNegativeInt count) (NonNegativeInt more) (value: int64) ->
                let population = count + more
                let chosen = Seed.choose count population (Seed.ofInt64 value)

                chosen.Length = count
                && Array.distinct chosen |> Array.length = count
                && chosen |> Array.forall (fun number -> number >= 0 && number < population)

            test "choose gives every arrangement of two of three about equally often" {
                let counts =
                    [| for value in 0L .. 5999L -> Seed.choose 2 3 (Seed.ofInt64 value) |]
                    |> Array.countBy id

                Expect.equal counts.Length 6 "all six arrangements"

                for _, count in counts do
                    Expect.isTrue (abs (count - 1000) < 150) $"{count} of 6000"
            }

            testPropertyWithConfig Checked.config "a generator repeats itself" (fun (value: int64) ->
                let draw () =
                    let random = (Seed.Of value).Random()

                    [
                        for _ in 1..5 do
                            random.Next 10
                            random.Next(-5, 5)
                            int (random.NextInt64())
                            int (random.NextInt64(Int64.MinValue, Int64.MaxValue))
                            int (random.NextDouble() * 1e6)
                            int (random.NextSingle() * 1e6f)
                    ]

                draw () = draw ())

            testPropertyWithConfig
                Checked.config
                "a generator keeps its ranges"
                (fun (value: int64) (one: int) (other: int) ->
                    let random = (Seed.Of value).Random()
                    let low, high = min one other, max one other + 1
                    let number = random.Next(low, high)
                    let unit' = random.NextDouble()
                    let bytes = Array.zeroCreate<byte> 16
                    random.NextBytes bytes

                    number >= low
                    && number < high
                    && unit' >= 0.0
                    && unit' < 1.0
                    && Array.distinct bytes |> Array.length > 1)

            test "a generator shuffles" {
                let items = [| 1..100 |]
                (Seed.Of 5L).Random().Shuffle items
                Expect.notEqual items [| 1..100 |] "another order"
                Expect.equal (Array.sort items) [| 1..100 |] "the same items"
            }
        ]
