namespace MetricLearning.Core

open System
open MetricLearning

/// Taking up checkpoints, which the first process reads for all.
module internal Resuming =

    let private load (recipe: Recipe) (handles: Handles) (path: string) : TrainingState =
        let loaded = Checkpoint.load recipe handles path
        StateGuards.checkReach handles loaded.Progress
        loaded

    /// The state in a checkpoint.
    let from (recipe: Recipe) (handles: Handles) (path: string) : TrainingState =
        SharedState.ofFirst handles (fun () -> load recipe handles path)

    /// The newest checkpoint in a folder that is whole, and the state in it; none where there is no checkpoint.
    let latest
        recipe
        (handles: Handles)
        (folder: string)
        (damaged: Action<string>)
        : struct (string * TrainingState) voption =
        let loaded: TrainingState option ref = ref None

        let path =
            FromFirst.text handles.Processes Occasion.State (fun () ->
                match
                    CheckpointFolder.firstWhole
                        folder
                        (fun path -> loaded.Value <- Some(load recipe handles path))
                        damaged
                with
                | null -> ""
                | path -> path)

        match path with
        | "" -> ValueNone
        | path -> ValueSome(struct (path, SharedState.ofFirst handles (fun () -> Option.get loaded.Value)))
