namespace Digits.Protocols

open TorchSharp
open MetricLearning
open MetricLearning.Core
open Digits

/// Pictures in pairs: anchors come from the first of each, positives and negatives from the second.
module TwoStreamMetricLoss =

    let private losses () : (string * torch.nn.Module) list =
        [ Keys.MetricLoss, new TripletMarginLoss(margin = 0.2) ]

    // The partner is any picture of the same digit, drawn anew each time from the seed of the sample, so that runs repeat.
    let private pairs (digits: DigitSet) : TrainingData =
        let labels = digits.Labels.data<int64>().ToArray()

        let rows =
            labels
            |> Array.indexed
            |> Array.groupBy snd
            |> Map.ofArray
            |> Map.map (fun _ -> Array.map fst)

        TrainingData.FromSamples(
            int64 labels.Length,
            fun row seed ->
                let label = labels[int row]
                let partner = rows[label][seed.Random().Next rows[label].Length]
                digits.Pictures[row], digits.Pictures[int64 partner], label
        )

    let protocol: Protocol =
        { Protocol.create TwoStreamMetricLoss.recipe losses with
            Miners = [ Keys.TupleMiner, TripletMarginMiner(margin = 0.2) ]
            Samples = pairs
        }
