namespace MetricLearning.Core

open System
open MetricLearning

/// The checkpoints that a session writes, of its own accord and when told to: in several processes, the first alone.
[<Sealed>]
type internal Saving(recipe: Recipe, handles: Handles) =
    let mutable autosave: Autosave | null = null

    let write (state: TrainingState) (path: string) (prepare: Action | null) : unit =
        prepare |> Option.ofObj |> Option.iter _.Invoke()
        use taken = state.Share()
        // A rate that was written into a TorchSharp optimizer since the last step rules the next one.
        let progress =
            { taken.Progress with
                Rates = LearningRates.current handles taken.Progress
            }

        Checkpoint.save recipe handles { taken with Progress = progress } path

    /// The checkpoint that the run was last resumed from; null for none.
    member val ResumedFrom: string | null = null with get, set

    /// Called before a checkpoint is written; null for nothing.
    member val Before: Action | null = null with get, set

    /// When to write of one's own accord; null for never.
    member _.Options
        with get () = Autosave.OptionsOf autosave
        and set options = autosave <- Autosave.Of options

    /// Writes a state.
    member this.Save(state: TrainingState, path: string) : unit =
        SharedTraining.firstAlone handles.Processes false (fun () -> write state path this.Before)

    /// Writes a state if that is due: everything that was pending is done; training has ended, or goes on.
    member this.SaveIfDue(state: TrainingState, isOver: bool) : unit =
        SharedTraining.firstAlone handles.Processes isOver (fun () ->
            match autosave with
            | null -> ()
            | autosave ->
                autosave.AfterStep(
                    isOver,
                    state.Progress.Steps,
                    this.ResumedFrom,
                    fun path -> write state path this.Before
                ))
