namespace MetricLearning.Core

open MetricLearning

/// Moving learning rates on.
module internal Scheduling =

    let private movePure
        (handles: Handles)
        (key: string)
        (schedule: Schedule)
        (optimizer: string)
        score
        (progress: Progress)
        =
        let before = progress.Schedules[key]

        let rates = progress.Rates[optimizer]

        let struct (after, moved) =
            match score with
            | Some score -> ScheduleState.observe schedule score rates before
            | None -> ScheduleState.advance schedule handles.InitialRates[optimizer] rates before

        { progress with
            Schedules = Map.add key after progress.Schedules
            Rates = Map.add optimizer moved progress.Rates
        }

    let private moveTorch (handles: Handles) (key: string) scheduler (score: float option) (progress: Progress) =
        Effects.stepScheduler scheduler score
        let before = progress.TorchSchedules[key]

        let after =
            {
                Count = before.Count + 1
                Scores = before.Scores @ Option.toList score
            }

        handles.Binding.NoteSchedule(key, after)

        { progress with
            TorchSchedules = Map.add key after progress.TorchSchedules
        }

    /// The rates as they are now in TorchSharp's optimizers.
    let private observeRates (handles: Handles) (progress: Progress) =
        let rates = LearningRates.current handles progress
        handles.Binding.WriteRates rates
        { progress with Rates = rates }

    /// After all schedules that move at this time have moved, with a score if there is one; and their keys.
    let move (handles: Handles) (moves: Moves) (score: float option) (progress: Progress) : Progress * string list =
        let due = handles.Schedulers |> List.filter (fun (_, time, _) -> time = moves)

        if due.IsEmpty then
            progress, []
        else
            let moved =
                (progress, due)
                ||> List.fold (fun progress (key, _, scheduler) ->
                    match scheduler with
                    | Scheduler.Pure(schedule, optimizer) ->
                        let moved = movePure handles key schedule optimizer score progress
                        handles.Binding.WriteRates moved.Rates
                        moved
                    | Scheduler.Torch scheduler ->
                        progress |> moveTorch handles key scheduler score |> observeRates handles)

            moved, [ for key, _, _ in due -> key ]

    /// Moves everything that is still due; the end of the epoch is not announced.
    let moveDue (handles: Handles) (progress: Progress) : Progress =
        (progress, progress.Pending)
        ||> List.fold (fun progress due ->
            match due with
            | Pending.Schedules moves -> fst (move handles moves None progress)
            | Pending.EpochEnd -> progress)
        |> fun moved -> { moved with Pending = [] }

    /// Brings TorchSharp's schedulers, never stepped so far, to where a resumed state left them.
    let catchUp (handles: Handles) (progress: Progress) : unit =
        for key, _, scheduler in handles.Schedulers do
            match scheduler with
            | Scheduler.Torch scheduler when handles.Binding.TorchSchedules[key].Count = 0 ->
                let known = progress.TorchSchedules[key]

                if known.Scores.IsEmpty then
                    for _ in 1 .. known.Count do
                        Effects.stepScheduler scheduler None
                else
                    for score in known.Scores do
                        Effects.stepScheduler scheduler (Some score)

                handles.Binding.NoteSchedule(key, known)
            | _ -> ()

        handles.Binding.WriteRates progress.Rates
