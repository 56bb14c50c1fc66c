namespace MetricLearning.Core

open System.Reflection
open TorchSharp
open MetricLearning

/// Plateau schedules that are moved by a score which goes the other way than they wait for.
module internal PlateauDoubts =

    // TorchSharp keeps it to itself.
    let private modeField =
        typeof<torch.optim.lr_scheduler.impl.ReduceLROnPlateau>
            .GetField("mode", BindingFlags.Instance ||| BindingFlags.NonPublic)

    let private modeOf (scheduler: Scheduler) : PlateauMode option =
        match scheduler with
        | Scheduler.Pure(schedule, _) ->
            match schedule.Rule with
            | ScheduleRule.ReduceOnPlateau plateau -> Some plateau.Mode
            | _ -> None
        | Scheduler.Torch(:? torch.optim.lr_scheduler.impl.ReduceLROnPlateau as plateau) ->
            match modeField with
            | null -> None
            | field ->
                match field.GetValue plateau with
                | :? string as mode when mode = "min" -> Some PlateauMode.Min
                | :? string as mode when mode = "max" -> Some PlateauMode.Max
                | _ -> None
        | Scheduler.Torch _ -> None

    let private keysOf (mode: PlateauMode) (handles: Handles) : string list =
        [
            for key, _, scheduler in handles.Schedulers do
                if modeOf scheduler = Some mode then
                    key
        ]

    /// Of a score that improves in this direction.
    let ofDirection (score: string) (mode: PlateauMode) (handles: Handles) : string list =
        let waits, is, wanted, torchs, other =
            match mode with
            | PlateauMode.Max -> "fall", "larger", "PlateauMode.Max", "max", PlateauMode.Min
            | _ -> "rise", "smaller", "PlateauMode.Min", "min", PlateauMode.Max

        [
            for key in keysOf other handles do
                $"LrSchedulers[\"{key}\"] waits for its score to {waits}, but {score}, by which it is moved, is better the {is} it is: the learning rate is reduced while networks get better. Make the schedule with {wanted} (TorchSharp's with mode \"{torchs}\")."
        ]

    /// Of a score that is one of the losses, or its mean over the epoch.
    let ofLosses (score: float) (progress: Progress) (handles: Handles) : string list =
        let named =
            Seq.append (Map.toSeq progress.Losses) (Map.toSeq (Progress.epochMeans progress))
            // Accuracies, too, are often 0 or 1.
            |> Seq.tryFind (fun (_, loss) -> loss = score && score <> 0.0 && score <> 1.0)

        match named with
        | None -> []
        | Some(name, _) -> ofDirection name PlateauMode.Min handles
