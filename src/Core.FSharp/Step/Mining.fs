namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// From embeddings to tuples.
module Mining =

    /// All tuples, whatever miners there are.
    let all (embedded: Embedded) : Mined =
        Mined(embedded.Embeddings, embedded.Labels, Tuples.All)

    /// The tuples that the miner `key` chooses; all of them where that miner is left out.
    /// Raises ArgumentException when the trainer knows no such miner.
    let mineWith (key: string) (ctx: Context) (embedded: Embedded) : Mined =
        match Context.miner key ctx with
        | Some miner ->
            let choice =
                PartCalls.miner key miner (fun () ->
                    miner.MineForLoss(embedded.Embeddings, embedded.Labels, Seed.derive key 0L ctx.Seed))

            Mined(embedded.Embeddings, embedded.Labels, choice)
        | None -> all embedded

    /// The tuples that the miner `key` chooses, among those of `pool` if it is a `PoolMiner`; all of them where that
    /// miner is left out.
    let mineWithin (key: string) (pool: Tuples) (ctx: Context) (embedded: Embedded) : Mined =
        match Context.miner key ctx with
        | Some(:? PoolMiner as miner) ->
            let tuples =
                PartCalls.miner key miner (fun () ->
                    miner.MineWithin(
                        pool,
                        embedded.Embeddings,
                        embedded.Labels,
                        null,
                        null,
                        Seed.derive key 0L ctx.Seed
                    ))

            Mined(embedded.Embeddings, embedded.Labels, tuples)
        | _ -> mineWith key ctx embedded

    /// The tuples that the tuple miner chooses; all of them without one.
    let mine (ctx: Context) (embedded: Embedded) : Mined = mineWith Keys.TupleMiner ctx embedded
