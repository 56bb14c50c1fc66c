/// The numbers of a state as text.
module MetricLearning.Core.Tests.Run.ProgressTests

open System
open System.IO
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private floats =
    Gen.oneof
        [
            Gen.elements
                [
                    0.0
                    -0.0
                    0.1
                    1.0 / 3.0
                    Double.Epsilon
                    Double.MaxValue
                    Double.PositiveInfinity
                    Double.NegativeInfinity
                    Double.NaN
                    BitConverter.UInt64BitsToDouble 0x7FF8000000000001UL
                ]
            // Any bits at all.
            Gen.map2
                (fun high low -> BitConverter.Int64BitsToDouble((int64 high <<< 32) ^^^ int64 low))
                (Gen.choose (Int32.MinValue, Int32.MaxValue))
                (Gen.choose (Int32.MinValue, Int32.MaxValue))
        ]

let private names =
    Gen.elements [ "trunk_optimizer"; "metric_loss"; "ä \"quoted\"\n"; ""; "x" ]

let private mapOf (values: Gen<'Value>) =
    Gen.zip names values |> Gen.listOf |> Gen.map (List.truncate 5 >> Map.ofList)

let private counts = Gen.map int64 (Gen.choose (0, Int32.MaxValue))

let private schedule =
    Gen.zip floats (Gen.three counts)
    |> Gen.map (fun (best, (count, bad, cooldown)) ->
        {
            Count = count
            Best = best
            BadCount = bad
            CooldownLeft = cooldown
        })

let private torchSchedule =
    Gen.map2
        (fun count scores ->
            {
                TorchScheduleState.Count = count
                Scores = scores
            })
        (Gen.choose (0, 1000))
        (Gen.listOf floats)

let private due =
    Gen.listOf (Gen.elements [ yield! List.map Pending.Schedules Keys.moves; Pending.EpochEnd ])

let private scale =
    Gen.map2
        (fun power good ->
            {
                Factor = 2.0 ** float (power: int)
                LossScale.GoodSteps = good
            })
        (Gen.choose (0, 24))
        (Gen.choose (0, LossScale.GoodSteps))

let private drawn =
    let indices = Gen.arrayOf counts

    Gen.oneof
        [
            Gen.elements [ PassMemory.Nothing; PassMemory.Endless ]
            Gen.map PassMemory.Indices indices
            Gen.map PassMemory.Batches (Gen.arrayOf indices)
        ]

let private progress =
    gen {
        let! seed, (epoch, iteration) =
            Gen.zip floats (Gen.zip (Gen.choose (0, 1000)) (Gen.choose (0, 1000)))

        let! iterations = Gen.optionOf (Gen.choose (1, 1000))

        let! isOver, (due, steps) =
            Gen.zip (Gen.elements [ true; false ]) (Gen.zip due counts)

        let! skipped, scale = Gen.zip counts (Gen.optionOf scale)
        let! pass, (taken, drawn) = Gen.zip counts (Gen.zip counts drawn)

        let! weights, (losses, sums) =
            Gen.zip (mapOf floats) (Gen.zip (mapOf floats) (mapOf floats))

        let! rates = mapOf (Gen.arrayOf floats)
        let! schedules, torch = Gen.zip (mapOf schedule) (mapOf torchSchedule)

        let! stopped =
            Gen.optionOf (Gen.elements [ StopReason.Finished; StopReason.Hook; StopReason.Cancelled ])

        return
            {
                Seed =
                    {
                        Value = BitConverter.DoubleToUInt64Bits seed
                    }
                Epoch = epoch
                Iteration = iteration
                IterationsPerEpoch = iterations
                EpochIsOver = isOver
                Pending = due
                Steps = steps
                SkippedSteps = skipped
                LossScale = scale
                Cursor =
                    {
                        Pass = pass
                        Taken = taken
                        PassMemory = drawn
                    }
                LossWeights = weights
                Losses = losses
                EpochSums = sums
                Rates = rates
                Schedules = schedules
                TorchSchedules = torch
                Stopped = stopped
            }
    }

// Bits instead of numbers: NaN is not equal to itself, and -0 is to 0.
let private exact (progress: Progress) =
    let bits = Map.map (fun _ (value: float) -> BitConverter.DoubleToUInt64Bits value)

    {|
        Numbers =
            { progress with
                LossWeights = Map.empty
                Losses = Map.empty
                EpochSums = Map.empty
                Rates = Map.empty
                Schedules = Map.empty
                TorchSchedules = Map.empty
            }
        Weights = bits progress.LossWeights
        Losses = bits progress.Losses
        Sums = bits progress.EpochSums
        Rates = progress.Rates |> Map.map (fun _ -> Array.map BitConverter.DoubleToUInt64Bits)
        Schedules =
            progress.Schedules
            |> Map.map (fun _ state -> BitConverter.DoubleToUInt64Bits state.Best, { state with Best = 0.0 })
        Torch =
            progress.TorchSchedules
            |> Map.map (fun _ state -> state.Count, List.map BitConverter.DoubleToUInt64Bits state.Scores)
    |}

let tests =
    testList
        "progress as text"
        [
            testPropertyWithConfig { Checked.config with maxTest = 1000 } "comes back as it was, bit for bit"
            <| Prop.forAll (Arb.fromGen progress) (fun progress ->
                let text = WrittenProgress.write progress
                let back = WrittenProgress.read text (Cursor.toNumbers progress.Cursor)
                Expect.equal (exact back) (exact progress) text)

            testCase "with something missing or of another kind it is refused" (fun () ->
                let progress =
                    Progress.start (Seed.ofInt64 1L) (Some 3) (Map [ "metric_loss", 1.0 ]) Cursor.start

                let text = WrittenProgress.write progress
                let numbers = Cursor.toNumbers progress.Cursor

                let wrong =
                    [
                        ""
                        "null"
                        "[]"
                        "{}"
                        text[.. text.Length - 2]
                        text.Replace("\"epoch\":0", "\"epoch\":\"0\"")
                        text.Replace("\"epoch\":0", "\"epoch\":1e99")
                        text.Replace("\"steps\":0", "\"steps\":null")
                        text.Replace("\"due\":[]", "\"due\":[\"something\"]")
                        text.Replace("\"due\":[]", "\"due\":[null]")
                        text.Replace("\"stopped\":null", "\"stopped\":\"why\"")
                        text.Replace("{\"metric_loss\":1}", "{\"metric_loss\":\"one\"}")
                        text.Replace("{\"metric_loss\":1}", "{\"metric_loss\":[1]}")
                    ]

                for other in wrong do
                    Expect.notEqual other text "another text"
                    Expect.throwsT<InvalidDataException> (fun () -> WrittenProgress.read other numbers |> ignore) other

                for other in
                    [
                        [||]
                        [| 0L |]
                        [| 0L; 0L; 9L |]
                        [| -1L; 0L; 0L |]
                        [| 0L; 0L; 3L; 5L; 1L |]
                    ] do
                    Expect.throwsT<InvalidDataException>
                        (fun () -> WrittenProgress.read text other |> ignore)
                        $"{other}")
        ]
