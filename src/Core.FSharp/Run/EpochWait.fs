namespace MetricLearning.Core

open System
open MetricLearning

/// The time that the iterations of an epoch have waited for their batches.
[<Sealed>]
type internal EpochWait(loader: Loader) =
    let mutable epoch = 0
    let mutable before = TimeSpan.Zero

    /// Called before an iteration: with the first of an epoch, waiting counts from 0 again.
    member _.Begin(upcoming: Progress) : unit =
        if upcoming.Epoch <> epoch || upcoming.Iteration = 0 then
            epoch <- upcoming.Epoch
            before <- loader.Waited

    /// The time waited in this epoch.
    member _.Waited: TimeSpan = loader.Waited - before
