namespace MetricLearning

open System
open TorchSharp

/// A miner that chooses among tuples it is given, so that one can continue from another's choice. Its `MineTuples` keeps to
/// the pool, `input.Tuples`: all that labels allow if it is `Tuples.All`, as in `Mine`.
[<AbstractClass>]
type PoolMiner
    /// <param name="name">Name of the miner's class.</param>
    /// <param name="distance">The distance, unless another one is set.</param>
    /// <param name="statisticNames">Names of the statistics that it records besides the counts.</param>
    (name: string, distance: Distance, [<ParamArray>] statisticNames: string[]) =
    inherit Miner(name, distance, statisticNames)

    /// Compares by the Euclidean distance of normalised embeddings.
    new(name: string, [<ParamArray>] statisticNames: string[]) = PoolMiner(name, LpDistance(), statisticNames)

    /// The tuples chosen among those of `pool`; else as `Mine`. With a pool, labels are not read.
    member this.MineWithin
        (
            pool: Tuples,
            embeddings: torch.Tensor,
            labels: torch.Tensor,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null,
            seed: Seed
        ) : Tuples =
        ArgumentNullException.ThrowIfNull(pool, nameof pool)
        ArgumentNullException.ThrowIfNull(labels, nameof labels)
        this.MineWith(embeddings, labels, pool, refEmbeddings, refLabels, null, lazy seed)
