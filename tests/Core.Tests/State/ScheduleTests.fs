module MetricLearning.Core.Tests.State.ScheduleTests

open MetricLearning.Core.Tests.Support
open System
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.ScheduleTrace
open TorchSharp

let private schedules =
    [
        for _, schedule, _, _ in FormulaTests.torchs do
            schedule
        Schedule.cosineWarmRestarts 4L 2L 0.001
        Schedule.oneCycle 0.5 30L
    ]

let private values =
    testList
        "as values"
        [
            test "alone on its optimizer, a schedule gives its formula's bits" {
                for schedule in schedules do
                    trace schedule 30
                    |> List.iteri (fun steps rates ->
                        let formula =
                            initial
                            |> Array.mapi (fun group rate -> ClosedForm.rate schedule.Rule group rate (int64 steps))

                        Expect.equal rates formula $"{schedule.Rule} after {steps} steps")
            }
            test "stepping twice from one state gives the same, and changes nothing that was given" {
                for schedule in schedules do
                    let rates = ScheduleState.start schedule initial initial
                    let copy = Array.copy rates
                    let state = ScheduleState.initial schedule

                    Expect.equal
                        (ScheduleState.advance schedule initial rates state)
                        (ScheduleState.advance schedule initial rates state)
                        "same"

                    Expect.equal (rates, initial) (copy, [| 0.1; 0.02 |]) "unchanged"
            }
            test "two schedules on one optimizer multiply" {
                let warm, decay = Schedule.linearWarmUp 0.25 1.0 4L, Schedule.exponential 0.9

                let start =
                    ScheduleState.start decay initial (ScheduleState.start warm initial initial)

                ((ScheduleState.initial warm, ScheduleState.initial decay, start), [ 1L .. 8L ])
                ||> List.fold (fun (first, second, rates) steps ->
                    let struct (first, rates) = ScheduleState.advance warm initial rates first
                    let struct (second, rates) = ScheduleState.advance decay initial rates second

                    let expected =
                        initial
                        |> Array.map (fun rate ->
                            rate * (0.25 + 0.75 * float (min steps 4L) / 4.0) * Math.Pow(0.9, float steps))

                    near expected rates $"after {steps} steps"
                    first, second, rates)
                |> ignore
            }
            test "a schedule leads out of a rate of zero by its formula" {
                let schedule = Schedule.cosine 2L 0.0
                let rates = trace schedule 4 |> List.map Array.head
                Expect.isLessThan (abs rates[2]) 1e-17 "zero"
                Expect.floatClose Accuracy.high rates[4] 0.1 "and back"
            }
            test "it may name the optimizer that it drives" {
                Expect.equal (Schedule.step 1L 0.5).Optimizer None "by default its key's"

                Expect.equal
                    (Schedule.step 1L 0.5 |> Schedule.drives "trunk_optimizer").Optimizer
                    (Some "trunk_optimizer")
                    "named"
            }
        ]

let private refusals =
    let cycle = Schedule.oneCycleDefaults 1.0 10L
    let plateau = Schedule.plateauDefaults

    testList
        "an argument out of range is refused by name"
        [
            for index, (name, make) in
                List.indexed
                    [
                        "stepSize", (fun () -> Schedule.step 0L 0.1)
                        "gamma", (fun () -> Schedule.step 1L nan)
                        "milestones", (fun () -> Schedule.multiStep [ 3L; -1L ] 0.1)
                        "gamma", (fun () -> Schedule.exponential -0.1)
                        "tMax", (fun () -> Schedule.cosine 0L 0.0)
                        "etaMin", (fun () -> Schedule.cosine 1L infinity)
                        "t0", (fun () -> Schedule.cosineWarmRestarts 0L 1L 0.0)
                        "tMult", (fun () -> Schedule.cosineWarmRestarts 1L 0L 0.0)
                        "startFactor", (fun () -> Schedule.linearWarmUp 0.0 1.0 5L)
                        "startFactor", (fun () -> Schedule.linearWarmUp 1.5 1.0 5L)
                        "endFactor", (fun () -> Schedule.linearWarmUp 0.5 1.5 5L)
                        "totalIters", (fun () -> Schedule.linearWarmUp 0.5 1.0 0L)
                        "totalIters", (fun () -> Schedule.polynomial 0L 1.0)
                        "power", (fun () -> Schedule.polynomial 1L nan)
                        "maxLr", (fun () -> Schedule.oneCycle 0.0 10L)
                        "maxLr", (fun () -> Schedule.oneCycleOf { cycle with MaxLr = [||] })
                        "totalSteps", (fun () -> Schedule.oneCycle 1.0 0L)
                        "pctStart", (fun () -> Schedule.oneCycleOf { cycle with PctStart = 1.1 })
                        "divFactor", (fun () -> Schedule.oneCycleOf { cycle with DivFactor = 0.0 })
                        "finalDivFactor", (fun () -> Schedule.oneCycleOf { cycle with FinalDivFactor = nan })
                        "factor", (fun () -> Schedule.plateau { plateau with Factor = 1.0 })
                        "patience", (fun () -> Schedule.plateau { plateau with Patience = -1L })
                        "threshold", (fun () -> Schedule.plateau { plateau with Threshold = -1.0 })
                        "cooldown", (fun () -> Schedule.plateau { plateau with Cooldown = -1L })
                        "minLr", (fun () -> Schedule.plateau { plateau with MinLr = [| 0.0; -1.0 |] })
                        "eps", (fun () -> Schedule.plateau { plateau with Eps = -1.0 })
                    ] do
                test $"{index}: {name}" {
                    Expect.throwsC (fun () -> make () |> ignore) (fun error ->
                        Expect.equal (error :?> ArgumentException).ParamName name "the argument's name")
                }
            test "a peak for each of two groups does not do for three" {
                let schedule = Schedule.oneCycleOf { cycle with MaxLr = [| 1.0; 0.5 |] }
                let three = [| 0.1; 0.1; 0.1 |]

                throws<ArgumentException> "more parameter groups" (fun () ->
                    ScheduleState.start schedule three three |> ignore)
            }
        ]

let tests =
    testList "schedules" [ FormulaTests.tests; PlateauTests.tests; values; refusals ]
