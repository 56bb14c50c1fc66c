namespace MetricLearning

open TorchSharp

/// The triplets (0, 1, 2), (3, 4, 5), … of batches that are made of triplets: anchor, positive, negative, anchor, positive,
/// negative, … Labels are not read; the batch size must be a multiple of 3.
[<Sealed>]
type EmbeddingsAlreadyPackagedAsTriplets() =
    inherit Miner("EmbeddingsAlreadyPackagedAsTriplets")

    override _.MineTuples input =
        let rows = input.Embeddings.size 0

        if rows % 3L <> 0L then
            invalidArg
                (nameof input)
                $"A batch of {rows} embeddings is not made of triplets: use a batch size that is a multiple of 3, and an order of data that yields triplets."

        let each = (Numeric.upTo rows input.Embeddings.device).reshape(rows / 3L, 3L)

        let triplets =
            Tuples.Triplets(each.select (1L, 0L), each.select (1L, 1L), each.select (1L, 2L))

        match input.OwnPlaces with
        | null -> triplets
        | places -> TupleIndices.moveTo places triplets
