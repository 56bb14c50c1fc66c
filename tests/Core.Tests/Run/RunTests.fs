/// A run driven by functions.
module MetricLearning.Core.Tests.Run.RunTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private settings =
    { Settings.rich with
        Schedule = ScheduleSetting.ByIteration
    }

let private byHand (run: Run) (count: int) (state: TrainingState) =
    (state.Share(), [ 1..count ])
    ||> List.fold (fun state _ ->
        use before = state
        Iteration.step run.Recipe run.Handles before)

let private rates (state: TrainingState) =
    [
        for KeyValue(key, rates) in state.LearningRates do
            yield! [ for rate in rates -> key, rate ]
    ]

let tests =
    testList
        "a run"
        [
            LawChecks.lawAt settings "steps are iterations, one after the other" (fun subject settings ->
                let run = Subject.prepare subject settings
                use _ = Session.Start run
                use stepped = Run.steps run 5 run.State
                use expected = byHand run 5 run.State
                Expect.equal (Snapshot.ofState stepped) (Snapshot.ofState expected) "the state")

            LawChecks.lawAt settings "training is that of a session" (fun subject settings ->
                let run = Subject.prepare subject settings
                use _ = Session.Start run
                use trained = Run.train run 2 run.State
                use session = Subject.start subject settings
                Drive.train session 2 Drive.quietly
                use expected = session.Take()

                Expect.equal
                    (Snapshot.ofState trained)
                    (Snapshot.ofState
                        { expected with
                            Progress =
                                { expected.Progress with
                                    Stopped = None
                                }
                        })
                    "the state")

            testCase "a fold sees every state, and frees it" (fun () ->
                let run = Subject.prepare Subject.metricLossOnly settings
                use _ = Session.Start run

                let seen, last =
                    Run.fold run 3 (fun seen state -> (state.Steps, state) :: seen) [] run.State

                Expect.equal (List.map fst seen) [ 3L; 2L; 1L ] "steps"
                Expect.isFalse last.IsDisposed "the last state is the caller's"
                Expect.equal [ for _, state in seen -> state.IsDisposed ] [ false; true; true ] "the others are freed"
                last.Dispose())

            testCase "a run that fails leaves nothing behind" (fun () ->
                let trap = Trap()
                let subject = Subject.metricLossOnly
                let run = Setup.prepare subject.Recipe (subject.Options settings trap)
                use _ = Session.Start run
                let before = Snapshot.ofState run.State
                let mutable visits = 0

                trap.OnVisit <-
                    fun place ->
                        if place = Place.Forward then
                            visits <- visits + 1

                            if visits = 3 then
                                invalidOp "a broken forward pass"

                Expect.throwsT<PartException> (fun () -> (Run.steps run 5 run.State).Dispose()) "it fails"
                trap.OnVisit <- ignore
                Expect.equal (Snapshot.ofState run.State) before "the first state"
                (Run.steps run 5 run.State).Dispose())

            LawChecks.lawAt settings "another rate is a fork's own" (fun subject settings ->
                let run = Subject.prepare subject settings
                use _ = Session.Start run
                let key = run.Handles.RunKeys.Optimizers.Head
                let before = Snapshot.ofState run.State
                use hot = run.State |> Run.withLearningRate key 0.5
                Expect.equal (Snapshot.ofState run.State) before "the state it comes from"

                Expect.equal
                    (rates hot)
                    [
                        for name, rate in rates run.State -> name, (if name = key then 0.5 else rate)
                    ]
                    "the rates"

                use moved = Run.step run hot
                use cold = Run.step run run.State
                Expect.equal cold.Progress.Losses moved.Progress.Losses "losses before the step"
                hot.Dispose()
                Expect.isFalse run.State.IsDisposed "disposing the fork leaves the state")

            testCase "a TorchSharp optimizer is given the rate of the state that is stepped" (fun () ->
                let settings =
                    { settings with
                        TorchOptimizers = true
                        Schedule = ScheduleSetting.Constant
                    }

                let run = Subject.prepare Subject.metricLossOnly settings
                use _ = Session.Start run
                let key = run.Handles.RunKeys.Optimizers.Head
                use still = run.State |> Run.withLearningRate key 0.0 |> Run.step run
                use moved = Run.step run run.State
                use again = Run.step run run.State
                Expect.equal (Snapshot.ofState again) (Snapshot.ofState moved) "the other fork's rate does not show"
                Expect.notEqual (Snapshot.ofState still).Vectors (Snapshot.ofState moved).Vectors "weights")

            testCase "a weight of zero leaves a loss out" (fun () ->
                let subject =
                    Subject.all
                    |> List.find (fun subject -> subject.Name.StartsWith("TrainWith", StringComparison.Ordinal))

                let run = Subject.prepare subject settings
                use _ = Session.Start run
                use state = run.State |> Run.withLossWeight Keys.ClassifierLoss 0.0 |> Run.step run
                Expect.equal state.Losses[Keys.ClassifierLoss] 0.0 "not computed"
                Expect.isGreaterThan state.Losses[Keys.MetricLoss] 0.0 "computed")

            testCase "keys that are none, and numbers that are no rates or weights" (fun () ->
                let run = Subject.prepare Subject.metricLossOnly settings
                use _ = Session.Start run

                let refused (act: TrainingState -> TrainingState) (part: string) =
                    let message =
                        try
                            (act run.State).Dispose()
                            ""
                        with :? ArgumentException as error ->
                            error.Message

                    Expect.stringContains message part "the message"

                refused
                    (Run.withLearningRate "trunk" 1.0)
                    "There is no optimizer \"trunk\"; this run has \"embedder_optimizer\""

                refused (Run.withLearningRate "trunk_optimizer" -1.0) "not negative"
                refused (Run.withLearningRate "trunk_optimizer" Double.NaN) "finite"

                refused
                    (Run.withLossWeight "metric_los" 1.0)
                    "There is no loss \"metric_los\"; this run has \"metric_loss\""

                refused (Run.withLossWeight "metric_loss" Double.PositiveInfinity) "finite"
                refused (Run.withLossWeight "metric_loss" 0.0) "nothing to train on")

            testCase "a score is that of its state, and changes nothing" (fun () ->
                let run = Subject.prepare Subject.metricLossOnly settings
                use _ = Session.Start run
                use later = Run.steps run 3 run.State
                let trunk = run.Handles.Networks[Keys.Trunk].Handle.Module
                let generator = Snapshot.generator ()

                let score =
                    Run.score run (fun () ->
                        Expect.isFalse trunk.training "evaluation mode"
                        Expect.isFalse (torch.is_grad_enabled ()) "no gradients"
                        torch.rand(1L).Dispose()
                        Snapshot.ofModules run.Handles)

                Expect.notEqual (score later) (score run.State) "two states"
                Expect.equal (score later) (score later) "the same state"
                Expect.equal (Snapshot.generator ()) generator "the user's stream"
                Expect.isTrue trunk.training "modes as they were")

            testCase "a state of another run is refused" (fun () ->
                let run = Subject.prepare Subject.metricLossOnly settings
                use _ = Session.Start run

                let other =
                    Subject.prepare Subject.metricLossOnly { settings with Embedder = false }

                use _ = Session.Start other
                Expect.throwsT<ArgumentException> (fun () -> Run.bind run other.State) "another network")
        ]
