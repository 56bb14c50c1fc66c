namespace MetricLearning.Core

open System
open System.Collections.Generic
open System.Threading

/// Something that happened in a run, in the order in which it happened.
[<RequireQualifiedAccess>]
type Event =
    /// Gradients were computed.
    | Backward
    /// The gradient clipper with this key was called.
    | Clipped of key: string
    /// The optimizer or schedule with this key was stepped.
    | Stepped of key: string
    /// An iteration is complete but for the schedules: the time of the end-of-iteration hook.
    | IterationEnded
    /// An epoch is complete: the time of the end-of-epoch hook.
    | EpochEnded

    /// The event as one word: `backward`, `clip:KEY`, `step:KEY`, `end_of_iteration_hook`, `end_of_epoch_hook`.
    member event.Name =
        match event with
        | Backward -> "backward"
        | Clipped key -> "clip:" + key
        | Stepped key -> "step:" + key
        | IterationEnded -> "end_of_iteration_hook"
        | EpochEnded -> "end_of_epoch_hook"

/// A run with its machines and its newest state, which nobody else sees unless they take it: so its memory is reused
/// from step to step. What trainers are made of.
[<Sealed>]
type Session(recipe: Recipe, handles: Handles, initial: TrainingState, isResumed: bool) =
    let mutable state = initial
    let mutable goesOn = isResumed
    let scored = Queue<Event>()

    let setProgress progress =
        state <- { state with Progress = progress }

    let moveSchedules moves score =
        let progress, keys = Scheduling.move handles moves score state.Progress
        setProgress progress
        List.map Event.Stepped keys

    let iterate token =
        let plan = Iteration.decide recipe handles state.Progress
        state <- Iteration.onNext recipe handles false token state

        [
            Event.Backward
            for key, _ in handles.Clippers do
                Event.Clipped key
            for key in plan.Stepping do
                Event.Stepped key
            Event.IterationEnded
        ]

    let settle () =
        seq {
            while not state.Progress.Due.IsEmpty do
                let nothingMoreOfIt () =
                    setProgress
                        { state.Progress with
                            Due = state.Progress.Due.Tail
                        }

                match state.Progress.Due.Head with
                | Due.Schedules moves ->
                    let moved = moveSchedules moves None
                    nothingMoreOfIt ()
                    yield! moved
                | Due.EpochEnd ->
                    nothingMoreOfIt ()
                    Succession.showSlots handles state.Learned
                    Event.EpochEnded

                    while scored.Count > 0 do
                        scored.Dequeue()
        }

    /// The machines of the run.
    member _.Handles = handles

    /// The newest state's numbers.
    member _.Progress = state.Progress

    /// The weights that the losses had in the last iteration, 0 outside of their phase; before the first, those given.
    member _.LossWeights: Map<string, float> =
        if state.Progress.Steps = 0L then
            state.Progress.LossWeights
        else
            (recipe.Decide handles.Roster state.Progress).Weights

    /// The newest state. What you take is yours: it is never written to; dispose it when you are done with it.
    member _.Take() : TrainingState = state.Share()

    /// Goes on from another state of the same machines; the modules show it at once.
    /// Raises InvalidOperationException when it was freed, ArgumentException when it is that of other networks; then nothing
    /// was changed.
    member _.Resume(from: TrainingState) : unit =
        ObjectDisposedException.ThrowIf(handles.Shown.IsDisposed, typeof<Session>)
        Readiness.checkFits handles from
        let taken = from.Share()
        (state :> IDisposable).Dispose()
        state <- taken
        goesOn <- true
        Scheduling.catchUp handles taken.Progress
        Effects.show handles taken.Learned
        Succession.showSlots handles taken.Learned

    /// One iteration, with the schedules that move after it and, if it ends the epoch, what ends an epoch.
    member _.Step(token: CancellationToken) : Event seq =
        seq {
            ObjectDisposedException.ThrowIf(handles.Shown.IsDisposed, typeof<Session>)
            yield! settle ()
            goesOn <- true

            if token.IsCancellationRequested then
                setProgress (Progress.stop Stop.Cancelled state.Progress)
                token.ThrowIfCancellationRequested()

            yield! iterate token
            yield! settle ()
        }

    /// The events of training up to the epoch `last`, from the epoch `first`; without it from 1, or, where training was
    /// interrupted or the state was resumed, from where it stands. Training goes on as its events are asked for.
    member this.Train(first: int option, last: int, token: CancellationToken) : Event seq =
        seq {
            setProgress { state.Progress with Stopped = None }

            // The hook of an epoch whose end was interrupted may stop training yet.
            if goesOn && first.IsNone then
                yield! settle ()

            let first = if goesOn then first else Some(Option.defaultValue 1 first)
            let progress = { state.Progress with Due = [] }

            setProgress (
                match first with
                | Some epoch ->
                    { progress with
                        Cursor = Cursor.freshPass progress.Cursor
                        Epoch = epoch - 1
                        EpochIsOver = true
                    }
                | None -> progress
            )

            goesOn <- true

            try
                while (Progress.upcoming state.Progress).Epoch <= last
                      && state.Progress.Stopped.IsNone do
                    yield! this.Step token
            finally
                if not handles.Shown.IsDisposed && Readiness.isWhole handles then
                    Effects.show handles state.Learned
                    Succession.showSlots handles state.Learned

            setProgress (Progress.stop (Option.defaultValue Stop.Finished state.Progress.Stopped) state.Progress)
            goesOn <- false
        }

    /// Ends training before its next iteration: in an end-of-epoch hook, with that epoch.
    member _.Stop() : unit =
        setProgress (Progress.stop Stop.Hook state.Progress)

    /// Moves the plateau schedules by a validation score.
    member _.Observe(score: float) : unit =
        for event in moveSchedules Moves.ByPlateau (Some score) do
            scored.Enqueue event

    /// A run from its first state.
    static member Start(prepared: Prepared) : Session =
        new Session(prepared.Recipe, prepared.Handles, prepared.State, false)

    /// Gives everything back: modules own their weights again, in the modes they were found in.
    member _.Dispose() : unit =
        if not handles.Shown.IsDisposed then
            if Readiness.isWhole handles then
                Effects.show handles state.Learned
                Succession.showSlots handles state.Learned

            Effects.giveBack handles
            Succession.giveSlotsBack handles
            handles.Shown.IsDisposed <- true
            (handles.Loader :> IDisposable).Dispose()

            for part in handles.Parts do
                (part.Update :> IDisposable).Dispose()

            (state :> IDisposable).Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
