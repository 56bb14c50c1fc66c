/// Law 6: nothing leaks.
module MetricLearning.Core.Tests.Laws.LeakLaw

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

/// Live native tensors after each of `count` iterations, by what the iteration did: gradients stay readable until the
/// next, so phases differ. Of those that were skipped there is a test of its own.
let private countsOf (recipe: Recipe) (count: int) (session: Session) : (Plan * int64) list =
    withoutCollecting (fun () ->
        [
            for _ in 1..count do
                let before = session.Progress
                let plan = Iteration.decide recipe session.Handles before
                session.Step CancellationToken.None |> Seq.iter ignore

                if session.Progress.SkippedSteps = before.SkippedSteps then
                    plan, Tensor.TotalCount
        ])

/// The same after each of `count` steps from a state to the next, each state disposed.
let private countsOfStates (prepared: Run) (step: TrainingState -> TrainingState) (count: int) : (Plan * int64) list =
    use _ = Session.Start prepared

    withoutCollecting (fun () ->
        let mutable state = prepared.State.Share()

        let counts =
            [
                for _ in 1..count do
                    let plan = Iteration.decide prepared.Recipe prepared.Handles state.Progress
                    let next = step state
                    let isSkipped = next.SkippedSteps > state.SkippedSteps
                    (state :> IDisposable).Dispose()
                    state <- next

                    if not isSkipped then
                        plan, Tensor.TotalCount
            ]

        (state :> IDisposable).Dispose()
        counts)

// An equal mean begins where it is due, with a tensor more.
let private steady (settings: Settings) =
    { settings with
        Averaging = min 1 settings.Averaging
    }

let private isFlat (counts: (Plan * int64) list) =
    for _, alike in List.groupBy fst (List.skip (min 1 counts.Length) counts) do
        let alike = List.map snd alike
        Expect.equal (List.distinct alike) [ alike[0] ] $"live tensors after each iteration: {List.map snd counts}"

let tests =
    testList
        "6 nothing leaks"
        [
            LawChecks.law 40 "the same number of tensors after every iteration" (fun subject settings _ ->
                // TorchSharp's optimizers keep their slots from the end of the first epoch on.
                let iterations =
                    if settings.TorchOptimizers then
                        Some 1
                    else
                        settings.IterationsPerEpoch

                use session =
                    Subject.start
                        subject
                        { steady settings with
                            Workers = 0
                            IterationsPerEpoch = iterations
                        }

                isFlat (countsOf subject.Recipe 8 session))

            LawChecks.law 10 "pure steps, each state disposed" (fun subject settings _ ->
                let prepared = Subject.prepare subject { steady settings with Workers = 0 }
                isFlat (countsOfStates prepared (Iteration.step prepared.Recipe prepared.Handles) 7))

            LawChecks.law 6 "with workers, what is waiting in the queue at most" (fun subject settings _ ->
                let settings =
                    { settings with
                        AsSamples = true
                        Workers = 2
                    }

                use session = Subject.start subject settings
                let counts = List.map snd (countsOf subject.Recipe 12 session)
                // A batch under way: its samples, their noise and the batch; four batches wait or are being made.
                let bound = 4L * (3L * int64 RunParts.batchSize + 20L) + 200L
                Expect.isLessThan (List.max counts - List.min counts) bound $"{counts}")

            LawChecks.law 10 "a run gives back all it took" (fun subject settings _ ->
                // The slots of TorchSharp's optimizers are theirs.
                let settings =
                    { settings with
                        TorchOptimizers = false
                    }

                let once () =
                    let options = subject.Options settings (Trap())
                    collectGarbage ()
                    let before = Tensor.TotalCount

                    do
                        use session = Session.Start(Setup.prepare subject.Recipe options)
                        Drive.train session 1 Drive.quietly
                        session.Dispose()

                    collectGarbage ()
                    let left = Tensor.TotalCount - before
                    GC.KeepAlive options
                    left

                Expect.isLessThanOrEqual (once ()) 0L "tensors that are left")

            LawChecks.lawAt Settings.rich "a failed iteration leaves nothing" (fun subject settings ->
                let trap = Trap()

                use session =
                    Session.Start(Setup.prepare subject.Recipe (subject.Options settings trap))

                countsOf subject.Recipe 3 session |> ignore

                trap.OnVisit <-
                    fun place ->
                        if place = Place.Embedder then
                            invalidOp "trap"

                let fail () =
                    Expect.throws (fun () -> session.Step CancellationToken.None |> Seq.iter ignore) "it fails"
                    collectGarbage ()
                    Tensor.TotalCount

                let first = fail ()
                Expect.equal (fail ()) first "after one failure and after two")

            LawChecks.isFalsified "Scope" (fun () ->
                let prepared = Subject.prepare Subject.metricLossOnly Settings.rich
                isFlat (countsOfStates prepared (ByHand.step [ Mechanism.Scope ] prepared) 4))
        ]
