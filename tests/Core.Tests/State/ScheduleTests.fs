module MetricLearning.Core.Tests.State.ScheduleTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.ScheduleTrace

let private schedules =
    [
        for _, schedule, _, _ in FormulaTests.torchs do
            schedule
        Schedule.CosineAnnealingWarmRestarts(4L, 2L, 0.001)
        Schedule.OneCycle(0.5, 30L)
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
                let warm, decay = Schedule.Linear(0.25, 1.0, 4L), Schedule.Exponential 0.9

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
                let schedule = Schedule.CosineAnnealing 2L
                let rates = trace schedule 4 |> List.map Array.head
                Expect.isLessThan (abs rates[2]) 1e-17 "zero"
                Expect.floatClose Accuracy.high rates[4] 0.1 "and back"
            }
            test "it may name the optimizer that it drives" {
                Expect.isNull (Schedule.Step 1L).Optimizer "by default its key's"
                Expect.equal (Schedule.Step(1L).Drives "trunk_optimizer").Optimizer "trunk_optimizer" "named"
            }
        ]

let private refusals =
    testList
        "an argument out of range is refused by name"
        [
            for index, (name, make) in
                List.indexed
                    [
                        "stepSize", (fun () -> Schedule.Step 0L)
                        "gamma", (fun () -> Schedule.Step(1L, nan))
                        "milestones", (fun () -> Schedule.MultiStep [ 3L; -1L ])
                        "gamma", (fun () -> Schedule.Exponential -0.1)
                        "tMax", (fun () -> Schedule.CosineAnnealing 0L)
                        "etaMin", (fun () -> Schedule.CosineAnnealing(1L, infinity))
                        "t0", (fun () -> Schedule.CosineAnnealingWarmRestarts 0L)
                        "tMult", (fun () -> Schedule.CosineAnnealingWarmRestarts(1L, 0L))
                        "startFactor", (fun () -> Schedule.Linear 0.0)
                        "startFactor", (fun () -> Schedule.Linear 1.5)
                        "endFactor", (fun () -> Schedule.Linear(endFactor = 1.5))
                        "totalIters", (fun () -> Schedule.Linear(totalIters = 0L))
                        "totalIters", (fun () -> Schedule.Polynomial 0L)
                        "power", (fun () -> Schedule.Polynomial(power = nan))
                        "maxLr", (fun () -> Schedule.OneCycle(0.0, 10L))
                        "maxLr", (fun () -> Schedule.OneCycle([||], 10L))
                        "totalSteps", (fun () -> Schedule.OneCycle(1.0, 0L))
                        "pctStart", (fun () -> Schedule.OneCycle(1.0, 10L, pctStart = 1.1))
                        "divFactor", (fun () -> Schedule.OneCycle(1.0, 10L, divFactor = 0.0))
                        "finalDivFactor", (fun () -> Schedule.OneCycle(1.0, 10L, finalDivFactor = nan))
                        "factor", (fun () -> Schedule.ReduceOnPlateau(factor = 1.0))
                        "patience", (fun () -> Schedule.ReduceOnPlateau(patience = -1L))
                        "threshold", (fun () -> Schedule.ReduceOnPlateau(threshold = -1.0))
                        "cooldown", (fun () -> Schedule.ReduceOnPlateau(cooldown = -1L))
                        "minLr", (fun () -> Schedule.ReduceOnPlateau(minLr = [| 0.0; -1.0 |]))
                        "eps", (fun () -> Schedule.ReduceOnPlateau(eps = -1.0))
                    ] do
                test $"{index}: {name}" {
                    Expect.throwsC (fun () -> make () |> ignore) (fun error ->
                        Expect.equal (error :?> ArgumentException).ParamName name "the argument's name")
                }
            test "a peak for each of two groups does not do for three" {
                let schedule = Schedule.OneCycle([| 1.0; 0.5 |], 10L)
                let three = [| 0.1; 0.1; 0.1 |]

                throws<ArgumentException> "more parameter groups" (fun () ->
                    ScheduleState.start schedule three three |> ignore)
            }
        ]

let tests =
    testList
        "schedules"
        [
            FormulaTests.tests
            PlateauTests.tests
            JoinedScheduleTests.tests
            values
            refusals
        ]
