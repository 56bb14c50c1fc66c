namespace MetricLearning.Core

open System
open System.Threading
open MetricLearning

/// A run in progress. Its newest state is its own until somebody takes it, so memory is reused from step to step. Trainers
/// drive one.
[<Sealed>]
type Session(recipe: Recipe, handles: Handles, initial: TrainingState, isResumed: bool) =
    let mutable state = initial
    let mutable goesOn = isResumed
    let saving = Saving(recipe, handles)
    let doubts = Doubts(recipe.Schema, handles)
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

    let together (act: unit -> 'T) : 'T = handles.Processes.Meeting.Together act

    let pending = PendingWork(handles, (fun () -> state), setProgress)

    let iterate token =
        wait.Begin(Progress.upcoming state.Progress)
        let cursor = state.Progress.Cursor

        let next, outcome =
            Iteration.next recipe handles Ownership.Given token doubts.Look state

        state <- next
        plan <- Some outcome.Plan
        doubts.AfterIteration(cursor, outcome)

        Event.ofIteration (List.map fst handles.Clippers) outcome.Plan.Stepping outcome.IsSkipped

    let saveIfDue isOver = saving.SaveIfDue(state, isOver)

    // The cancellation of any process.
    let agree token : exn option =
        let struct (progress, cancelled) =
            SharedTraining.agree handles.Processes token state.Progress

        setProgress progress
        cancelled

    let iteration (cancelled: exn option) (token: CancellationToken) =
        seq {
            goesOn <- true

            match cancelled with
            | Some error ->
                setProgress (Progress.stop StopReason.Cancelled state.Progress)
                saveIfDue true
                raise error
            | None -> ()

            yield! iterate token
            yield! pending.Finish()
            saveIfDue false
        }

    let resume (from: TrainingState) : unit =
        let taken = from.Share()
        state.Dispose()
        state <- taken
        plan <- None
        goesOn <- true
        doubts.OfAverage taken
        Scheduling.catchUp handles taken.Progress
        handles.Binding.Bind taken.Learned
        OptimizerSlots.bind handles taken.Learned

    /// The handles of the run.
    member _.Handles = handles
    member internal _.Recipe = recipe

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

        together (fun () ->
            StateGuards.checkFits handles from
            SharedState.agree handles from)

        resume from

    /// Writes the newest state to a checkpoint, as a whole or not at all. In a hook, too; nothing of the run changes. Of several
    /// processes, the first writes it.
    /// Raises IOException when the file cannot be written, and what else `Checkpoint.write` raises.
    member _.SaveCheckpoint(path: string) : unit =
        ObjectDisposedException.ThrowIf(handles.Binding.IsDisposed, typeof<Session>)
        saving.Save(state, path)

    /// Goes on from a checkpoint; the modules are bound to it at once.
    /// Raises what `Checkpoint.load` raises, and InvalidOperationException when one of TorchSharp's schedulers was already
    /// stepped otherwise; then nothing was changed.
    member _.ResumeFrom(path: string) : unit =
        ObjectDisposedException.ThrowIf(handles.Binding.IsDisposed, typeof<Session>)
        use loaded = Resuming.from recipe handles path
        resume loaded
        saving.ResumedFrom <- path

    /// Goes on from the newest checkpoint in a folder that is whole, and gives its path; null where there is none. `damaged` is
    /// told, in sentences, about newer ones that cannot be read.
    /// Raises InvalidDataException when there are checkpoints but none is whole, and what else `ResumeFrom` raises.
    member _.ResumeLatest(folder: string, damaged: Action<string>) : string | null =
        match Resuming.latest recipe handles folder damaged with
        | ValueNone -> null
        | ValueSome(struct (path, loaded)) ->
            use loaded = loaded
            resume loaded
            saving.ResumedFrom <- path
            path

    /// The checkpoint that this run was last resumed from; null for none.
    member _.ResumedFrom = saving.ResumedFrom

    /// The checkpoints that the session writes by itself from now on; null for none. Training raises
    /// InvalidOperationException after its first iteration when the folder has checkpoints of another run, and IOException
    /// when a checkpoint cannot be written. Raises ArgumentException for options that contradict themselves.
    member _.Checkpoints
        with get () = saving.Options
        and set options = saving.Options <- options

    /// Called before a checkpoint is written: what belongs to it outside of the state is to be brought to disk.
    member _.BeforeSaving
        with get () = saving.Before
        and set act = saving.Before <- act

    /// Told, in sentences and once each, what is probably not meant and shows only in training: a pass without two samples of a
    /// class in any batch, a plateau schedule that is moved by a score which goes the other way.
    member _.Warned
        with get () = doubts.Told
        and set act = doubts.Told <- act

    /// One iteration, with the schedules that move after it and, if it ends the epoch, what ends an epoch.
    member _.Step(token: CancellationToken) : Event seq =
        seq {
            ObjectDisposedException.ThrowIf(handles.Binding.IsDisposed, typeof<Session>)
            yield! pending.Finish()
            yield! iteration (agree token) token
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

    member private _.Epochs(first: int option, last: int, token: CancellationToken) : Event seq =
        seq {
            setProgress { state.Progress with Stopped = None }

            // The hook of an epoch whose end was interrupted may stop training yet.
            if goesOn && first.IsNone then
                yield! pending.Finish()

            let first = if goesOn then first else Some(Option.defaultValue 1 first)
            let progress = { state.Progress with Pending = [] }
            setProgress (Option.foldBack Progress.beforeEpoch first progress)
            goesOn <- true

            try
                let mutable cancelled = agree token

                while (Progress.upcoming state.Progress).Epoch <= last
                      && state.Progress.Stopped.IsNone do
                    yield! iteration cancelled token
                    cancelled <- agree token
            finally
                bind ()

            setProgress (Progress.stop (Option.defaultValue StopReason.Finished state.Progress.Stopped) state.Progress)
            goesOn <- false
            saveIfDue true
        }

    /// Runs code of the user's in the midst of training: where it fails in one process, training ends in all.
    member _.Together(act: Action) : unit = together act.Invoke

    /// The parts of the run, and the memory that its state takes.
    member _.Summary() : RunSummary = RunSummary.ofState recipe handles state

    /// Ends training before its next iteration: in an end-of-epoch hook, with that epoch.
    member _.Stop() : unit =
        setProgress (Progress.stop StopReason.Hook state.Progress)

    /// Says that plateau schedules will be moved by a score of this name, and in which direction it improves.
    member _.Expect(score: string, mode: PlateauMode) : unit = doubts.OfDirection(score, mode)

    /// Moves the plateau schedules by a validation score.
    member _.Observe(score: float) : unit =
        let score = SharedTraining.score handles.Processes score
        doubts.OfScore(score, state.Progress)

        pending.Observe score

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
