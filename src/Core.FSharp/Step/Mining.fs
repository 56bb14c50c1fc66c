namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

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

    /// The tuples that the miner `key` chooses; all of them where that miner is left out.
    /// Raises ArgumentException when the trainer knows no such miner.
    let mineWith (key: string) (ctx: Context) (embedded: Embedded) : Mined =
        match Context.miner key ctx with
        | Some miner ->
            { all embedded with
                Tuples =
                    PartCalls.miner key miner (fun () ->
                        miner.Mine(embedded.Embeddings, embedded.Labels, null, null, Seed.derive key 0L ctx.Seed))
            }
        | None -> all embedded

    /// The tuples that the miner `key` chooses, among those of `pool` if it is a `PoolMiner`; all of them where that
    /// miner is left out.
    let mineWithin (key: string) (pool: Tuples) (ctx: Context) (embedded: Embedded) : Mined =
        match Context.miner key ctx with
        | Some(:? PoolMiner as miner) ->
            { all embedded with
                Tuples =
                    PartCalls.miner key miner (fun () ->
                        miner.MineWithin(
                            pool,
                            embedded.Embeddings,
                            embedded.Labels,
                            null,
                            null,
                            Seed.derive key 0L ctx.Seed
                        ))
            }
        | _ -> mineWith key ctx embedded

    /// The tuples that the tuple miner chooses; all of them without one.
    let mine (ctx: Context) (embedded: Embedded) : Mined = mineWith Keys.TupleMiner ctx embedded
