namespace MetricLearning.Core

open MetricLearning
open TorchSharp
open type TorchSharp.torch

/// Embeddings, labels and the tuples that were chosen among them.
[<ReferenceEquality>]
type Mined =
    {
        /// Shape (N, D).
        Embeddings: Tensor
        /// Int64 of shape (N).
        Labels: Tensor
        /// The pairs or triplets to compute a loss on.
        Tuples: Tuples
    }

/// From embeddings to tuples.
module Mining =

    /// All tuples, whatever miners there are.
    let all (embedded: Embedded) : Mined =
        {
            Embeddings = embedded.Embeddings
            Labels = embedded.Labels
            Tuples = Tuples.All
        }

    /// The tuples that the miner `key` chooses; all of them when there is no such miner.
    let mineWith (key: string) (ctx: Context) (embedded: Embedded) : Mined =
        match ctx.Miners.TryGetValue key with
        | true, miner ->
            { all embedded with
                Tuples = miner.Mine(embedded.Embeddings, embedded.Labels, null, null, Seed.derive key 0L ctx.Seed)
            }
        | _ -> all embedded

    /// The tuples that the miner `key` chooses, among those of `pool` if it is a `PoolMiner`; all of them when there is no
    /// such miner.
    let mineWithin (key: string) (pool: Tuples) (ctx: Context) (embedded: Embedded) : Mined =
        match ctx.Miners.TryGetValue key with
        | true, (:? PoolMiner as miner) ->
            { all embedded with
                Tuples =
                    miner.MineWithin(
                        pool,
                        embedded.Embeddings,
                        embedded.Labels,
                        null,
                        null,
                        Seed.derive key 0L ctx.Seed
                    )
            }
        | _ -> mineWith key ctx embedded

    /// The tuples that the tuple miner chooses; all of them without one.
    let mine (ctx: Context) (embedded: Embedded) : Mined = mineWith Keys.TupleMiner ctx embedded

    /// Checks what a subset miner chose from a batch.
    /// Raises InvalidOperationException when it is not a vector of at least one index into the batch.
    let checkSubset (labels: Tensor) (indices: Tensor) : unit =
        let rows = labels.size 0

        if isNull (box indices) then
            invalidOp "The subset batch miner returned null; it must return a vector of int64 indices."

        if indices.dim () <> 1L || indices.dtype <> ScalarType.Int64 then
            invalidOp
                $"The subset batch miner must return a vector of int64 indices, not {indices.ToString TensorStringStyle.Metadata}. A tuple miner belongs under \"{Keys.TupleMiner}\"."

        if indices.numel () = 0L then
            invalidOp "The subset batch miner chose no sample of the batch; it must choose at least one."

        if indices.min().ToInt64() < 0L || indices.max().ToInt64() >= rows then
            invalidOp $"The subset batch miner chose an index outside the batch of {rows} samples."
