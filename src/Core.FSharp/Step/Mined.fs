namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// Embeddings, labels and the tuples that were chosen among them.
[<Sealed>]
type Mined internal (embeddings: torch.Tensor, labels: torch.Tensor, choice: ChosenTuples) =

    /// Embeddings (N, D), int64 labels (N), and the pairs or triplets to compute a loss on.
    new(embeddings: torch.Tensor, labels: torch.Tensor, tuples: Tuples) =
        Mined(embeddings, labels, ChosenTuples.Listed tuples)

    /// Shape (N, D).
    member _.Embeddings = embeddings

    /// Int64 of shape (N).
    member _.Labels = labels

    /// The pairs or triplets to compute a loss on. A miner of pairs lists them only when they are asked for here, which waits for
    /// the device; a loss does without.
    member _.Tuples: Tuples =
        match choice with
        | ChosenTuples.Listed tuples -> tuples
        | ChosenTuples.Masks masks -> masks.Listed

    member internal _.Choice = choice
