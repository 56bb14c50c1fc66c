namespace MetricLearning.Core

open MetricLearning

/// Something that happened in a run, in the order in which it happened.
[<RequireQualifiedAccess>]
type Event =
    /// Gradients were computed.
    | Backward
    /// The gradient clipper with this key was called.
    | Clipped of key: string
    /// The optimizer or schedule with this key was stepped.
    | Stepped of key: string
    /// No optimizer was stepped, because gradients overflowed in float16; the scale of the loss is halved.
    | Skipped
    /// An iteration is complete but for the schedules: the time of the end-of-iteration hook.
    | IterationEnded
    /// An epoch is complete: the time of the end-of-epoch hook.
    | EpochEnded

    /// The event as one word: `backward`, `clip:KEY`, `step:KEY`, `skip`, `end_of_iteration_hook`, `end_of_epoch_hook`.
    member event.Name =
        match event with
        | Backward -> "backward"
        | Clipped key -> "clip:" + key
        | Stepped key -> "step:" + key
        | Skipped -> "skip"
        | IterationEnded -> "end_of_iteration_hook"
        | EpochEnded -> "end_of_epoch_hook"

/// Listing events.
module internal Event =

    /// Those of an iteration, with the keys of the clippers and of the optimizers that step.
    let ofIteration (clippers: string list) (stepping: string list) (isSkipped: bool) : Event list =
        [
            Event.Backward
            if isSkipped then
                Event.Skipped
            else
                yield! List.map Event.Clipped clippers
                yield! List.map Event.Stepped stepping
            Event.IterationEnded
        ]
