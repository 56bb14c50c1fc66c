namespace MetricLearning.Core

open System
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Checks of learning-rate schedules.
module internal ScheduleChecks =

    /// The key of the optimizer that a schedule of ours drives: the one it names, or that of its own key.
    let optimizerOf (key: string) (moves: Moves) (schedule: Schedule) : string =
        match schedule.Optimizer with
        | null -> Keys.optimizerOf (key.Substring(0, key.Length - (Keys.schedulerOf "" moves).Length))
        | named -> named

    let private movesOf (key: string) =
        Keys.moves
        |> List.tryFind (fun moves -> key.EndsWith(Keys.schedulerOf "" moves, StringComparison.Ordinal))

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
                        | ValueSchedule schedule when not (List.contains (optimizerOf key moves schedule) optimizers) ->
                            $"LrSchedulers[\"{key}\"] drives the optimizer \"{optimizerOf key moves schedule}\", which does not exist."
                        | _ -> ()
            ]
