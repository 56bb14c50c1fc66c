namespace MetricLearning.Core

open System
open System.Collections.Generic
open System.Threading
open MetricLearning

/// A run in progress. Its newest state is its own until somebody takes it, so memory is reused from step to step. Trainers
/// drive one.
[<Sealed>]
type Session(recipe: Recipe, handles: Handles, initial: TrainingState, isResumed: bool) =
    let mutable state = initial
    let mutable goesOn = isResumed
    let mutable resumedFrom: string | null = null
    let mutable autosave: Autosave | null = null
    let mutable beforeSaving: Action | null = null
    let doubts = Doubts(recipe.Schema, handles)
    let scored = Queue<Event>()
    // That of the last iteration; None where none was done since the state was taken up.
    let mutable plan: Plan option = None
    let wait = EpochWait handles.Loader

    let setProgress progress =
        state <- { state with Progress = progress }

    // Of modules that were disposed there is nothing to bind.
    let bind () =
        if not handles.Binding.IsDisposed && StateGuards.isWhole handles then
            handles.Binding.Bind state.Learned
            OptimizerSlots.bind handles state.Learned

    let moveSchedules moves score =
        let progress, keys = Scheduling.move handles moves score state.Progress
        setProgress progress
        List.map Event.Stepped keys

    let iterate token =
        wait.Begin(Progress.upcoming state.Progress)
        let cursor = state.Progress.Cursor

        let next, outcome =
            Iteration.next recipe handles Ownership.Given token doubts.Look state

        state <- next
        plan <- Some outcome.Plan
        doubts.AfterIteration(cursor, outcome)

        Event.ofIteration (List.map fst handles.Clippers) outcome.Plan.Stepping

    let finishPending () =
        seq {
            while not state.Progress.Pending.IsEmpty do
                let done' () =
                    setProgress (Progress.withoutFirstPending state.Progress)

                match state.Progress.Pending.Head with
                | Pending.Schedules moves ->
                    let moved = moveSchedules moves None
                    done' ()
                    yield! moved
                | Pending.EpochEnd ->
                    done' ()
                    OptimizerSlots.bind handles state.Learned
                    Event.EpochEnded

                    while scored.Count > 0 do
                        scored.Dequeue()
        }

    let save (path: string) : unit =
        ObjectDisposedException.ThrowIf(handles.Binding.IsDisposed, typeof<Session>)
        beforeSaving |> Option.ofObj |> Option.iter _.Invoke()
        use taken = state.Share()
        // A rate that was written into a TorchSharp optimizer since the last step rules the next one.
        let progress =
            { taken.Progress with
                Rates = LearningRates.current handles taken.Progress
            }

        Checkpoint.save recipe handles { taken with Progress = progress } path

    // Everything that was due is done; training has ended, or goes on.
    let saveIfDue (isOver: bool) =
        match autosave with
        | null -> ()
        | autosave -> autosave.AfterStep(isOver, state.Progress.Steps, resumedFrom, save)

    /// The handles of the run.
    member _.Handles = handles

    /// The newest state's numbers.
    member _.Progress = state.Progress

    /// The weights that the losses had in the last iteration, 0 outside of their phase; before the first, those given.
    member _.LossWeights: Map<string, float> =
        match plan with
        | Some plan -> plan.Weights
        | None when state.Progress.Steps = 0L -> state.Progress.LossWeights
        | None -> (recipe.Decide handles.RunKeys state.Progress).Weights

    /// The time that the iterations of this epoch have waited for their batches, since this session took it up.
    member _.WaitedForData: TimeSpan = wait.Waited

    /// The newest state. What you take is yours: it is never written to; dispose it when you are done with it.
    member _.Take() : TrainingState = state.Share()

    /// Goes on from another state of the same run; the modules are bound to it at once.
    /// Raises InvalidOperationException when it was freed, ArgumentException when it is that of other networks; then nothing
    /// was changed.
    member _.Resume(from: TrainingState) : unit =
        ObjectDisposedException.ThrowIf(handles.Binding.IsDisposed, typeof<Session>)
        StateGuards.checkFits handles from
        let taken = from.Share()
        state.Dispose()
        state <- taken
        plan <- None
        goesOn <- true
        Scheduling.catchUp handles taken.Progress
        handles.Binding.Bind taken.Learned
        OptimizerSlots.bind handles taken.Learned

    /// Writes the newest state to a checkpoint, as a whole or not at all. In a hook, too; nothing of the run changes.
    /// Raises IOException when the file cannot be written, and what else `Checkpoint.write` raises.
    member _.SaveCheckpoint(path: string) : unit = save path

    /// Goes on from a checkpoint; the modules are bound to it at once.
    /// Raises what `Checkpoint.load` raises, and InvalidOperationException when one of TorchSharp's schedulers was already
    /// stepped otherwise; then nothing was changed.
    member this.ResumeFrom(path: string) : unit =
        ObjectDisposedException.ThrowIf(handles.Binding.IsDisposed, typeof<Session>)
        use loaded = Checkpoint.load recipe handles path
        StateGuards.checkReach handles loaded.Progress
        this.Resume loaded
        resumedFrom <- path

    /// Goes on from the newest checkpoint in a folder that is whole, and gives its path; null where there is none. `damaged` is
    /// told, in sentences, about newer ones that cannot be read.
    /// Raises InvalidDataException when there are checkpoints but none is whole, and what else `ResumeFrom` raises.
    member this.ResumeLatest(folder: string, damaged: Action<string>) : string | null =
        CheckpointFolder.firstWhole folder this.ResumeFrom damaged

    /// The checkpoint that this run was last resumed from; null for none.
    member _.ResumedFrom = resumedFrom

    /// The checkpoints that the session writes by itself from now on; null for none. Training raises
    /// InvalidOperationException after its first iteration when the folder has checkpoints of another run, and IOException
    /// when a checkpoint cannot be written. Raises ArgumentException for options that contradict themselves.
    member _.Checkpoints
        with get () = Autosave.OptionsOf autosave
        and set options = autosave <- Autosave.Of options

    /// Called before a checkpoint is written: what belongs to it outside of the state is to be brought to disk.
    member _.BeforeSaving
        with get () = beforeSaving
        and set act = beforeSaving <- act

    /// Told, in sentences and once each, what is probably not meant and shows only in training: a pass without two samples of a
    /// class in any batch, a plateau schedule that is moved by a score which goes the other way.
    member _.Warned
        with get () = doubts.Told
        and set act = doubts.Told <- act

    /// One iteration, with the schedules that move after it and, if it ends the epoch, what ends an epoch.
    member _.Step(token: CancellationToken) : Event seq =
        seq {
            ObjectDisposedException.ThrowIf(handles.Binding.IsDisposed, typeof<Session>)
            yield! finishPending ()
            goesOn <- true

            if token.IsCancellationRequested then
                setProgress (Progress.stop StopReason.Cancelled state.Progress)
                saveIfDue true
                token.ThrowIfCancellationRequested()

            yield! iterate token
            yield! finishPending ()
            saveIfDue false
        }

    /// The events of training up to the epoch `last`, from the epoch `first`; without it from 1, or, where training was
    /// interrupted or the state was resumed, from where it stands. Training goes on as its events are asked for. A resumed
    /// run that its hook had ended has no more of them, unless `first` is given.
    member this.Train(first: int option, last: int, token: CancellationToken) : Event seq =
        seq {
            // Else a run that ended early would train an epoch more whenever its program is started again.
            let wasEndedByHook =
                goesOn && first.IsNone && state.Progress.Stopped = Some StopReason.Hook

            if not wasEndedByHook then
                yield! this.Epochs(first, last, token)
        }

    member private this.Epochs(first: int option, last: int, token: CancellationToken) : Event seq =
        seq {
            setProgress { state.Progress with Stopped = None }

            // The hook of an epoch whose end was interrupted may stop training yet.
            if goesOn && first.IsNone then
                yield! finishPending ()

            let first = if goesOn then first else Some(Option.defaultValue 1 first)
            let progress = { state.Progress with Pending = [] }
            setProgress (Option.foldBack Progress.beforeEpoch first progress)
            goesOn <- true

            try
                while (Progress.upcoming state.Progress).Epoch <= last
                      && state.Progress.Stopped.IsNone do
                    yield! this.Step token
            finally
                bind ()

            setProgress (Progress.stop (Option.defaultValue StopReason.Finished state.Progress.Stopped) state.Progress)
            goesOn <- false
            saveIfDue true
        }

    /// Ends training before its next iteration: in an end-of-epoch hook, with that epoch.
    member _.Stop() : unit =
        setProgress (Progress.stop StopReason.Hook state.Progress)

    /// Says that plateau schedules will be moved by a score of this name, and in which direction it improves.
    member _.Expect(score: string, mode: PlateauMode) : unit = doubts.OfDirection(score, mode)

    /// Moves the plateau schedules by a validation score.
    member _.Observe(score: float) : unit =
        doubts.OfScore(score, state.Progress)

        for event in moveSchedules Moves.ByPlateau (Some score) do
            scored.Enqueue event

    /// A run from its first state.
    static member Start(run: Run) : Session =
        new Session(run.Recipe, run.Handles, run.State, false, Checkpoints = run.Checkpoints)

    /// Gives everything back: modules own their weights again, in the modes they were found in.
    member _.Dispose() : unit =
        if not handles.Binding.IsDisposed then
            bind ()
            handles.Binding.Release()
            OptimizerSlots.giveBack handles
            (handles.Loader :> IDisposable).Dispose()

            for group in handles.Groups do
                (group.Update :> IDisposable).Dispose()

            state.Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
