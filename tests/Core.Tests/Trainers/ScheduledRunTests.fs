/// Schedules of all optimizers, and of weight decay and momentum, in runs.
module MetricLearning.Core.Tests.Trainers.ScheduledRunTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private start (optimizer: PureOptimizer) (schedules: (string * Schedule) list) =
    torch.manual_seed 3L |> ignore

    let options =
        SmallRuns.optionsOf
            [ Keys.Trunk, SmallRuns.linear 6L 5L; Keys.Embedder, SmallRuns.linear 5L 3L ]
            [ "trunk_optimizer", optimizer; "embedder_optimizer", PureOptimizer.SGD 0.02 ]
            (SmallRuns.data ())

    options.LrSchedulers <- LrSchedulers.Of [ for key, schedule in schedules -> key, (schedule :> AnySchedule) ]
    options

let private runOf optimizer schedules =
    Setup.prepare MetricLossOnly.recipe (start optimizer schedules)

let private mistakes optimizer schedules =
    SmallRuns.mistakesOf (start optimizer schedules)

let private weights (state: TrainingState) =
    [
        for group in state.Learned.Groups do
            yield! group.Weights.Tensor.data<float32>().ToArray()
    ]

// Each optimizer with its numbers as a schedule makes them, and the same with these numbers for good.
let private pairs: (string * PureOptimizer * (float -> PureOptimizer)) list =
    let halved = Schedule.Step(1L, 0.5)

    [
        "the decay of SGD",
        PureOptimizer.SGD(0.01, weightDecay = 0.4).WithWeightDecaySchedule halved,
        (fun factor -> PureOptimizer.SGD(0.01, weightDecay = 0.4 * factor))
        "the decay of AdamW",
        PureOptimizer.AdamW(0.01, weightDecay = 0.4).WithWeightDecaySchedule halved,
        (fun factor -> PureOptimizer.AdamW(0.01, weightDecay = 0.4 * factor))
        "the decay of Adagrad",
        PureOptimizer.Adagrad(0.01, weightDecay = 0.4).WithWeightDecaySchedule halved,
        (fun factor -> PureOptimizer.Adagrad(0.01, weightDecay = 0.4 * factor))
        "the decay of NAdam",
        PureOptimizer.NAdam(0.01, weightDecay = 0.4).WithWeightDecaySchedule halved,
        (fun factor -> PureOptimizer.NAdam(0.01, weightDecay = 0.4 * factor))
        "the decay of Adadelta",
        PureOptimizer.Adadelta(0.5, weightDecay = 0.4).WithWeightDecaySchedule halved,
        (fun factor -> PureOptimizer.Adadelta(0.5, weightDecay = 0.4 * factor))
        "the momentum of SGD",
        PureOptimizer.SGD(0.01, momentum = 0.8).WithMomentumSchedule halved,
        (fun factor -> PureOptimizer.SGD(0.01, momentum = 0.8 * factor))
        "the momentum of RMSProp",
        PureOptimizer.RMSProp(0.01, momentum = 0.8).WithMomentumSchedule halved,
        (fun factor -> PureOptimizer.RMSProp(0.01, momentum = 0.8 * factor))
        "the first beta of Adam",
        PureOptimizer.Adam(0.01, beta1 = 0.8).WithMomentumSchedule halved,
        (fun factor -> PureOptimizer.Adam(0.01, beta1 = 0.8 * factor))
        "the first beta of Adamax",
        PureOptimizer.Adamax(0.01, beta1 = 0.8).WithMomentumSchedule halved,
        (fun factor -> PureOptimizer.Adamax(0.01, beta1 = 0.8 * factor))
        "the first beta of RAdam",
        PureOptimizer.RAdam(0.01, beta1 = 0.8).WithMomentumSchedule halved,
        (fun factor -> PureOptimizer.RAdam(0.01, beta1 = 0.8 * factor))
        "both of a group",
        PureOptimizer
            .SGD(0.01)
            .WithGroup(
                (fun _ -> true),
                PureOptimizer
                    .AdamW(0.01, beta1 = 0.8, weightDecay = 0.4)
                    .WithMomentumSchedule(halved)
                    .WithWeightDecaySchedule(halved)
            ),
        (fun factor ->
            PureOptimizer
                .SGD(0.01)
                .WithGroup(
                    (fun _ -> true),
                    PureOptimizer.AdamW(0.01, beta1 = 0.8 * factor, weightDecay = 0.4 * factor)
                ))
    ]

let private numbers =
    [
        for name, scheduled, fixedAt in pairs do
            test $"{name} moves with every iteration" {
                use _ = torch.NewDisposeScope()
                let mutable state = (runOf scheduled []).State
                let mutable expected = (runOf (fixedAt 1.0) []).State

                for step in 0..3 do
                    state <- Run.step (runOf scheduled []) state
                    expected <- Run.step (runOf (fixedAt (Math.Pow(0.5, float step))) []) expected
                    Expect.equal (weights state) (weights expected) $"step {step}"

                Expect.notEqual
                    (weights state)
                    (weights (Run.steps (runOf (fixedAt 1.0) []) 4 (runOf (fixedAt 1.0) []).State))
                    "and it shows"
            }
        test "it may count epochs" {
            use _ = torch.NewDisposeScope()

            let scheduled =
                PureOptimizer
                    .AdamW(0.01, weightDecay = 0.4)
                    .WithWeightDecaySchedule(Schedule.Step(1L, 0.0), byEpoch = true)

            let constant = runOf (PureOptimizer.AdamW(0.01, weightDecay = 0.4)) []
            let without = runOf (PureOptimizer.AdamW(0.01, weightDecay = 0.0)) []
            let first = Run.train constant 1 constant.State
            let run = runOf scheduled []
            Expect.equal (weights (Run.train run 1 run.State)) (weights first) "the first epoch"
            Expect.equal (weights (Run.train run 2 run.State)) (weights (Run.train without 2 first)) "the second"
        }
        test "a momentum may be 0 for a while" {
            use _ = torch.NewDisposeScope()

            let run =
                runOf (PureOptimizer.SGD(0.01, 0.9, nesterov = true).WithMomentumSchedule(Schedule.Step(1L, 0.0))) []

            Expect.all (weights (Run.steps run 3 run.State)) Single.IsFinite "it trains"
        }
        test "an optimizer without momentum has none to move" {
            for optimizer in
                [
                    PureOptimizer.SGD()
                    PureOptimizer.RMSProp()
                    PureOptimizer.Adagrad()
                    PureOptimizer.Adadelta()
                    PureOptimizer.NAdam()
                ] do
                throws<InvalidOperationException> "no momentum" (fun () ->
                    optimizer.WithMomentumSchedule(Schedule.Exponential 0.9) |> ignore)
        }
        test "schedules of rates alone are refused" {
            let adam = PureOptimizer.Adam()

            throws<ArgumentException> "plateau" (fun () ->
                adam.WithWeightDecaySchedule(Schedule.ReduceOnPlateau()) |> ignore)

            throws<ArgumentException> "leave Drives out" (fun () ->
                adam.WithMomentumSchedule(Schedule.Linear().Drives "trunk_optimizer") |> ignore)
        }
        test "a number that leaves its range stops the step" {
            use _ = torch.NewDisposeScope()

            let run =
                runOf (PureOptimizer.Adam(0.01).WithMomentumSchedule(Schedule.OneCycle(2.0, 10L, divFactor = 4.0))) []

            throws<ArgumentException> "beta1" (fun () -> Run.steps run 5 run.State |> ignore)
        }
    ]

let private all =
    let warmUp =
        Schedule.Linear(0.25, totalIters = 3L).Then(Schedule.CosineAnnealing 5L)

    let sgd = PureOptimizer.SGD 0.1

    [
        test "one schedule moves every optimizer, each from its own rate" {
            use _ = torch.NewDisposeScope()
            let together = runOf sgd [ "all_scheduler_by_iteration", warmUp ]

            let apart =
                runOf
                    sgd
                    [
                        "trunk_scheduler_by_iteration", warmUp
                        "embedder_scheduler_by_iteration", warmUp
                    ]

            for steps in 1..8 do
                let one = Run.steps together steps together.State
                let other = Run.steps apart steps apart.State
                Expect.equal one.Progress.Rates other.Progress.Rates $"rates after {steps}"
                Expect.equal one.Progress.Schedules other.Progress.Schedules $"schedules after {steps}"
                Expect.equal (weights one) (weights other) $"weights after {steps}"
        }
        test "an optimizer with a schedule of its own keeps that" {
            let own = Schedule.Exponential 0.5

            let run =
                runOf sgd [ "trunk_scheduler_by_iteration", own; "all_scheduler_by_iteration", warmUp ]

            let rates = (Run.step run run.State).Progress.Rates
            Expect.floatClose Accuracy.high (Array.head rates["trunk_optimizer"]) 0.05 "its own"
            Expect.floatClose Accuracy.high (Array.head rates["embedder_optimizer"]) 0.01 "that of all"
        }
        test "one schedule by epoch and one by iteration go together" {
            let run =
                runOf
                    sgd
                    [
                        "trunk_scheduler_by_epoch", Schedule.Exponential 0.5
                        "all_scheduler_by_iteration", warmUp
                    ]

            Expect.floatClose Accuracy.high (Array.head run.State.Progress.Rates["trunk_optimizer"]) 0.025 "both act"
        }
        test "a schedule of one optimizer cannot be that of all" {
            Expect.exists
                (mistakes sgd [ "all_scheduler_by_iteration", warmUp.Drives "trunk_optimizer" ])
                _.Contains("leave Drives out")
                "Drives"

            Expect.exists
                (mistakes
                    sgd
                    [
                        "embedder_scheduler_by_iteration", warmUp.Drives "trunk_optimizer"
                        "all_scheduler_by_iteration", warmUp
                    ])
                _.Contains("put it under \"trunk_scheduler_by_iteration\"")
                "another's key"

            Expect.exists
                (mistakes sgd [ "all_scheduler_by_plateau", warmUp ])
                _.Contains("does not take a score")
                "plateau"

            let options = start sgd []
            use trunk = torch.optim.SGD((nonNull options.Models.Trunk).parameters(), 0.1)
            options.LrSchedulers.AllByEpoch <- AnySchedule.Torch(torch.optim.lr_scheduler.StepLR(trunk, 3))
            Expect.exists (SmallRuns.mistakesOf options) _.Contains("give a Schedule") "TorchSharp's"
        }
    ]

let tests =
    testSequenced (
        testList "scheduled runs" [ testList "weight decay and momentum" numbers; testList "all optimizers" all ]
    )
