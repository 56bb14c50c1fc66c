/// A run with whole batches beside the same run with micro-batches.
module MetricLearning.Core.Tests.Support.MicroRuns

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let withSize (size: int) (options: RunOptions) : RunOptions =
    RunOptions(options, MicroBatchSize = Nullable size)

/// Every number of two states, and their last losses, 1e-9 apart at most.
let expectNear (run: Run) (expected: TrainingState) (found: TrainingState) (when': string) : unit =
    let near (layout: Layout) (expected: Vector) (found: Vector) =
        for slot in layout.Slots do
            use before = Layout.view slot expected.Tensor
            use after = Layout.view slot found.Tensor
            Expect.isLessThanOrEqual (Weights.distance before after) 1e-9 $"{slot.Name} {when'}"

    for index, group in Seq.indexed run.Handles.Groups do
        let before, after = expected.Learned.Groups[index], found.Learned.Groups[index]
        Expect.equal after.Counts before.Counts $"step counts {when'}"
        near group.Layout before.Weights after.Weights
        Array.iter2 (near group.Layout) before.Slots after.Slots

    for index, group in Seq.indexed run.Handles.Buffers do
        near group.Layout expected.Learned.Buffers[index] found.Learned.Buffers[index]

    for KeyValue(name, loss) in expected.Progress.Losses do
        Expect.isLessThanOrEqual (abs (loss - found.Progress.Losses[name])) 1e-9 $"{name} {when'}"

/// Steps both from each state of the first run; every step must come to the same.
let expectSameSteps (count: int) (whole: Run) (cut: Run) : unit =
    use _ = Session.Start whole
    use _ = Session.Start cut
    let mutable state = whole.State.Share()

    try
        for step in 1..count do
            use found = Run.step cut state
            let next = Run.step whole state
            (state :> IDisposable).Dispose()
            state <- next
            expectNear whole state found $"after step {step}"
    finally
        (state :> IDisposable).Dispose()

/// Steps each from where its own step before came to; in the end they must have come to the same.
let expectSameRuns (count: int) (whole: Run) (cut: Run) : unit =
    use _ = Session.Start whole
    use _ = Session.Start cut
    use expected = Run.steps whole count whole.State
    use found = Run.steps cut count cut.State
    expectNear whole expected found $"after {count} steps"
