namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open MetricLearning

/// Records of a run.
module Recording =

    /// The group of the weighted losses and their total.
    [<Literal>]
    let LossHistories = "loss_histories"

    /// The group of the losses' weights.
    [<Literal>]
    let LossWeights = "loss_weights"

    /// The group of the scale of the loss and the number of skipped steps; in float16 only.
    [<Literal>]
    let LossScales = "loss_scale"

    let private optimizerName (handle: OptimizerHandle) =
        match handle with
        | OptimizerHandle.Mirrored optimizer
        | OptimizerHandle.Opaque optimizer -> optimizer.GetType().Name
        | OptimizerHandle.Value optimizer -> optimizer.Rule.Name

    // `lr` is the rate of the first parameter group; the others are numbered.
    let private rates (rates: float[]) =
        rates
        |> Array.mapi (fun group rate -> KeyValuePair((if group = 0 then "lr" else $"lr_{group}"), rate))

    /// The records of a run's last iteration, at x (its number over all epochs, from 0): losses, their weights, the statistics of losses,
    /// miners and networks, and the learning rates used. Nothing of the run changes.
    let ofIteration (session: Session) (x: int64) : Record[] =
        let handles, progress = session.Handles, session.Progress

        let numbers group (values: IEnumerable<KeyValuePair<string, double>>) =
            Record.ofNumbers group RecordAxis.Iteration x values

        let ofParts deep key (part: obj) =
            [
                for group, values in RecordedParts.groups deep key part -> numbers group values
            ]

        [|
            numbers LossHistories progress.Losses
            numbers LossWeights session.LossWeights
            match progress.LossScale with
            | Some scale ->
                numbers
                    LossScales
                    [
                        KeyValuePair("loss_scale", scale.Factor)
                        KeyValuePair("skipped_steps", float progress.SkippedSteps)
                    ]
            | None -> ()
            for entry in handles.Losses do
                yield! ofParts true entry.Key entry.Value.Handle.Module
            for entry in handles.TupleMiners do
                yield! ofParts false entry.Key entry.Value
            for entry in handles.Networks do
                yield! ofParts false entry.Key entry.Value.Handle.Module
            for key, handle in handles.Optimizers do
                match Map.tryFind key progress.Rates with
                | Some found -> numbers $"{key}_{optimizerName handle}" (rates found)
                | None -> ()
        |]
        // Two parts under one name can be told apart no better than here.
        |> Array.distinctBy _.Group
