namespace MetricLearning.Core

open MetricLearning
open System

/// The whole truth about a run, as a value: any state can be stepped again, two forks are two steps of one state, a
/// failed step leaves the state it started from. Dispose it to give its memory back before the garbage collector does.
[<ReferenceEquality>]
type TrainingState =
    {
        /// How far the run has come: numbers.
        Progress: Progress
        /// What it has learned: tensors as values.
        Learned: Learned
    }

    /// The same state with a life of its own, sharing its memory until one of the two moves on.
    /// Raises InvalidOperationException when this state was freed.
    member state.Share() : TrainingState =
        { state with
            Learned = state.Learned.Share()
        }

    interface IDisposable with
        member state.Dispose() = state.Learned.Dispose()
