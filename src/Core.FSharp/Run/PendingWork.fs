namespace MetricLearning.Core

open System.Collections.Generic
open MetricLearning

/// The work that is due between iterations: schedules that move, and the end of an epoch. `state` and `setProgress` reach the newest state.
[<Sealed>]
type internal PendingWork(handles: Handles, state: unit -> TrainingState, setProgress: Progress -> unit) =
    let scored = Queue<Event>()

    // A schedule of the user's that fails in one process fails in all.
    let move moves score =
        let progress, keys =
            handles.Processes.Meeting.Together(fun () -> Scheduling.move handles moves score (state ()).Progress)

        setProgress progress
        List.map Event.Stepped keys

    let finishFirst () =
        setProgress (Progress.withoutFirstPending (state ()).Progress)

    /// Does what is pending in the state, in order.
    member _.Finish() : Event seq =
        seq {
            while not (state ()).Progress.Pending.IsEmpty do
                match (state ()).Progress.Pending.Head with
                | Pending.Schedules moves ->
                    let moved = move moves None
                    finishFirst ()
                    yield! moved
                | Pending.EpochEnd ->
                    finishFirst ()
                    OptimizerSlots.bind handles (state ()).Learned
                    Event.EpochEnded

                    while scored.Count > 0 do
                        scored.Dequeue()
        }

    /// Moves the plateau schedules by a score; their events come with the end of the epoch.
    member _.Observe(score: float) : unit =
        for event in move Moves.ByPlateau (Some score) do
            scored.Enqueue event
