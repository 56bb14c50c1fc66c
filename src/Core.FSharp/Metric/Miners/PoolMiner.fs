namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// A miner that chooses among tuples it is given, so that one can go on where another stopped. Its `MineTuples` keeps to
/// the pool, `input.Tuples`: all that labels allow where it is `Tuples.All`, as in `Mine`.
[<AbstractClass>]
type PoolMiner
    (distance: Distance | null, defaultDistance: Distance, collectStats: Nullable<bool>, statisticNames: string[]) =
    inherit Miner(distance, defaultDistance, collectStats, statisticNames)

    /// The tuples chosen among those of `pool`; else as `Mine`. With a pool, labels are not looked at.
    member this.MineWithin
        (
            pool: Tuples,
            embeddings: torch.Tensor,
            labels: torch.Tensor,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null,
            seed: Seed
        ) : Tuples =
        this.MineWith(embeddings, labels, pool, refEmbeddings, refLabels, lazy seed)
