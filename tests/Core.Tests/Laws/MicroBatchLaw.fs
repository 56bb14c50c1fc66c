/// Law 11, micro-batches: they change no step.
module MetricLearning.Core.Tests.Laws.MicroBatchLaw

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

// Batch norm and dropout work on a micro-batch at a time, and have tests of their own. A sample in both streams would be at
// the distance 0 from itself, where distances have no derivative; samples with noise are not.
let private rowByRow (subject: Subject) (settings: Settings) =
    { settings with
        AsSamples =
            settings.AsSamples
            || subject.Name.StartsWith("TwoStream", StringComparison.Ordinal)
        Float64 = true
        BatchNorm = false
        Dropout = false
        // TorchSharp's schedulers cannot go back.
        TorchSchedulers = false
    }

let private inFloat64 (options: RunOptions) : RunOptions =
    for _, loss in options.LossFuncs.Present do
        loss.``to`` torch.float64 |> ignore

    options

let private cutInto (size: Nullable<int>) (subject: Subject) (settings: Settings) : Run =
    let options = inFloat64 (subject.Options settings (Trap()))
    Setup.prepare subject.Recipe (RunOptions(options, MicroBatchSize = size))

/// Every number of two states, 1e-9 apart at most.
let private expectSame (run: Run) (expected: TrainingState) (found: TrainingState) (when': string) =
    let same (layout: Layout) (expected: Vector) (found: Vector) =
        for slot in layout.Slots do
            use before = Layout.view slot expected.Tensor
            use after = Layout.view slot found.Tensor
            Expect.isLessThanOrEqual (Weights.distance before after) 1e-9 $"{slot.Name} {when'}"

    for index, group in Seq.indexed run.Handles.Groups do
        let before, after = expected.Learned.Groups[index], found.Learned.Groups[index]
        Expect.equal after.Counts before.Counts $"step counts {when'}"
        same group.Layout before.Weights after.Weights
        Array.iter2 (same group.Layout) before.Slots after.Slots

    for index, group in Seq.indexed run.Handles.Buffers do
        same group.Layout expected.Learned.Buffers[index] found.Learned.Buffers[index]

    for KeyValue(name, loss) in expected.Progress.Losses do
        Expect.isLessThanOrEqual (abs (loss - found.Progress.Losses[name])) 1e-9 $"{name} {when'}"

let private sizes: int[] = [| 1; 2; 3; 5; 7; 11; RunParts.batchSize; 1000 |]

let private changeNoStep (subject: Subject) (settings: Settings) (number: int) =
    let settings = rowByRow subject settings
    let size = sizes[number % sizes.Length]
    let whole = cutInto (Nullable()) subject settings
    use _ = Session.Start whole
    let cut = cutInto (Nullable size) subject settings
    use _ = Session.Start cut
    let mutable state = whole.State.Share()

    try
        for step in 1..6 do
            use found = Run.step cut state
            let next = Run.step whole state
            (state :> IDisposable).Dispose()
            state <- next
            expectSame whole state found $"after step {step} in micro-batches of {size}"
    finally
        (state :> IDisposable).Dispose()

let tests =
    testList "11 cuts do not matter: micro-batches" [ LawChecks.law 100 "of any size" changeNoStep ]
