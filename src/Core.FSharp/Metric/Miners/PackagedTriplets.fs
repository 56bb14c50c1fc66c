namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// For batches that are triplets already: anchor, positive, negative, anchor, positive, negative, … Labels are not
/// looked at.
module PackagedTriplets =

    /// The triplets (0, 1, 2), (3, 4, 5), …. ArgumentException if the batch is no multiple of 3.
    let mine (input: MetricInput) : Tuples =
        let rows = input.Embeddings.size 0

        if rows % 3L <> 0L then
            invalidArg
                (nameof input)
                $"A batch of {rows} embeddings is not made of triplets: use a batch size that is a multiple of 3, and an order of data that yields triplets."

        let each =
            torch.arange(rows, device = input.Embeddings.device).reshape(rows / 3L, 3L)

        Tuples.Triplets(each.select (1L, 0L), each.select (1L, 1L), each.select (1L, 2L))

    /// The miner.
    let miner () : Miner =
        { new Miner() with
            override _.MineTuples input = mine input
        }
