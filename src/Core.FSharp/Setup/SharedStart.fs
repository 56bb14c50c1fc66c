namespace MetricLearning.Core

open System
open TorchSharp
open MetricLearning

/// Making sure that processes start the same run from the same weights.
module internal SharedStart =

    let private differences =
        [
            "make trainers of different networks, losses, optimizers or schedules. Make the same in every process."
            "make networks with different parameters. Build them by the same code in every process."
            "have different numbers of samples. Give every process the whole data set; it reads its rows of each batch."
            "have different batches: BatchSize, IterationsPerEpoch or the length of a pass differs. Give the same options in every process."
            "cut batches into different micro-batches. Give the same MicroBatchSize in every process."
            "average weights differently. Give the same WeightAveraging in every process."
            "let networks compute in different precisions. Give the same Precision in every process."
            "go on from optimizers that have taken different numbers of steps. Make new ones, or step them alike."
        ]

    let private keys (recipe: Recipe) (handles: Handles) : int64 =
        let keys = handles.RunKeys

        [
            [ recipe.Schema.Trainer ]
            keys.Networks
            keys.Losses
            keys.Terms
            keys.Optimizers
            keys.Schedules
            Set.toList keys.Frozen
        ]
        |> List.map (String.concat ", ")
        |> String.concat "; "
        |> Fingerprint.ofText

    let private layouts (handles: Handles) : int64 =
        [
            for group in handles.Groups do
                group.Layout
            for group in handles.Buffers do
                group.Layout
        ]
        |> List.map (fun layout ->
            [
                string layout.Dtype
                for slot in layout.Slots do
                    $"{slot.Name} {Shape.show slot.Shape}"
            ]
            |> String.concat ", ")
        |> String.concat "; "
        |> Fingerprint.ofText

    let private batches (options: RunOptions) (handles: Handles) : int64 =
        Fingerprint.ofNumbers
            [|
                int64 options.BatchSize
                int64 (options.IterationsPerEpoch.GetValueOrDefault())
                handles.Loader.Order.BatchesPerPass.GetValueOrDefault()
            |]

    /// The seed of the first process.
    let seed (processes: Processes) (find: unit -> int64) : Seed =
        FromFirst.numbers processes Occasion.Trainer (fun () -> [| find () |])
        |> Array.head
        |> Seed.ofInt64

    /// Gives every process the weights of the first.
    /// Raises InvalidOperationException when they make different trainers.
    let agree (recipe: Recipe) (options: RunOptions) (handles: Handles) (learned: Learned) : unit =
        let processes = handles.Processes

        if processes.Count > 1 then
            processes.Meeting.Agree(
                Occasion.Trainer,
                [|
                    keys recipe handles
                    layouts handles
                    handles.Loader.Source.Count
                    batches options handles
                    int64 (Option.defaultValue 0 handles.MicroBatchSize)
                    handles.Averaging
                    |> Option.map string
                    |> Option.defaultValue ""
                    |> Fingerprint.ofText
                    int64 handles.Precision
                    learned.Groups |> Array.collect _.Counts |> Fingerprint.ofNumbers
                |],
                differences
            )
            |> ignore

            FromFirst.contents processes [ for vector in learned.Vectors -> vector.Tensor ]
