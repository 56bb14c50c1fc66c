namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Learning-rate schedules, one for each optimizer, and their checks.
module internal ScheduleChecks =

    // The network or loss that a schedule's key names.
    let private ownerOf (key: string) (moves: Moves) : string =
        key.Substring(0, key.Length - (Keys.schedulerOf "" moves).Length)

    /// The key of the optimizer that a schedule of ours drives: the one it names, or that of its own key.
    let optimizerOf (key: string) (moves: Moves) (schedule: Schedule) : string =
        match schedule.Optimizer with
        | null -> Keys.optimizerOf (ownerOf key moves)
        | named -> named

    let private movesOf (key: string) =
        Keys.moves
        |> List.tryFind (fun moves -> key.EndsWith(Keys.schedulerOf "" moves, StringComparison.Ordinal))

    // A schedule of all optimizers, as one for each of those that have none of their own.
    let private ofAll (options: RunOptions) (moves: Moves) (schedule: AnySchedule) : (string * AnySchedule) list =
        [
            for optimizer, _ in options.Optimizers.Present do
                let own = Keys.schedulerOf (Keys.ownerOf optimizer) moves

                if not (options.LrSchedulers.ContainsKey own) then
                    own, schedule
        ]

    /// Every schedule by the key that it has in states and records, with the time at which it moves.
    let each (options: RunOptions) : (string * Moves * AnySchedule) list =
        [
            for key, schedule in options.LrSchedulers.Present do
                match movesOf key with
                | Some moves when key = Keys.schedulerOf Keys.All moves ->
                    for own, schedule in ofAll options moves schedule do
                        own, moves, schedule
                | Some moves -> key, moves, schedule
                | None -> ()
        ]

    // What cannot be the schedule of several optimizers.
    let private checkAll (key: string) (schedule: AnySchedule) : string list =
        match schedule with
        | TorchSchedule _ ->
            [
                $"LrSchedulers[\"{key}\"] is a scheduler of TorchSharp's, which drives the optimizer that it was made with; give a Schedule, or each optimizer its own."
            ]
        | ValueSchedule schedule ->
            match schedule.Optimizer with
            | null -> []
            | driven ->
                [
                    $"LrSchedulers[\"{key}\"] drives every optimizer, but its schedule says \"{driven}\"; leave Drives out, or put it under another key."
                ]

    /// Plateau schedules move by a score and others do not; the optimizer of a schedule must exist.
    let check (options: RunOptions) : Diagnostics =
        let optimizers = List.map fst options.Optimizers.Present

        Diagnostics.errors
            [
                for key, choice in options.LrSchedulers.Present do
                    match movesOf key with
                    | None -> ()
                    | Some moves ->
                        let isPlateau =
                            match choice with
                            | ValueSchedule schedule -> schedule.Rule.IsReduceOnPlateau
                            | TorchSchedule scheduler -> scheduler :? optim.lr_scheduler.impl.ReduceLROnPlateau

                        if isPlateau && moves <> Moves.ByPlateau then
                            $"LrSchedulers[\"{key}\"] needs a score to move; put it under a key that ends with \"_scheduler_by_plateau\"."
                        elif not isPlateau && moves = Moves.ByPlateau then
                            $"LrSchedulers[\"{key}\"] does not take a score; put it under a key that ends with \"_scheduler_by_iteration\" or \"_scheduler_by_epoch\"."

                        match choice with
                        | _ when key = Keys.schedulerOf Keys.All moves -> yield! checkAll key choice
                        | ValueSchedule schedule when
                            optimizerOf key moves schedule <> Keys.optimizerOf (ownerOf key moves)
                            && options.LrSchedulers.ContainsKey(Keys.schedulerOf Keys.All moves)
                            ->
                            $"LrSchedulers[\"{key}\"] drives \"{optimizerOf key moves schedule}\" beside a schedule of all; put it under \"{Keys.schedulerOf (Keys.ownerOf (optimizerOf key moves schedule)) moves}\", without Drives."
                        | ValueSchedule schedule when not (List.contains (optimizerOf key moves schedule) optimizers) ->
                            $"LrSchedulers[\"{key}\"] drives the optimizer \"{optimizerOf key moves schedule}\", which does not exist."
                        | _ -> ()
            ]
