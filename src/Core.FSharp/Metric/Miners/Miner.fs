namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// Chooses the tuples of a batch that a loss looks at. A miner of your own gives `MineTuples`.
[<AbstractClass>]
type Miner(distance: Distance | null, defaultDistance: Distance, collectStats: Nullable<bool>, statisticNames: string[])
    =
    let distance =
        match distance with
        | null -> defaultDistance
        | given -> given

    let statistics = Statistics(collectStats, statisticNames)

    let count (tuples: Tuples) =
        let positives, negatives, triplets =
            match tuples with
            | Tuples.All -> 0L, 0L, 0L
            | Tuples.Pairs(a1, _, a2, _) -> a1.size 0, a2.size 0, 0L
            | Tuples.Triplets(a, _, _) -> 0L, 0L, a.size 0

        statistics.Count("num_pos_pairs", positives)
        statistics.Count("num_neg_pairs", negatives)
        statistics.Count("num_triplets", triplets)

    /// Euclidean distance on normalised embeddings, no statistics of its own.
    new() = Miner(null, LpDistance(), Nullable(), [||])

    /// What embeddings are compared with.
    member _.Distance = distance

    /// `num_pos_pairs`, `num_neg_pairs` and `num_triplets` of the last call, and more where statistics are collected.
    member _.Stats = statistics.Values

    /// Where a miner records more.
    member _.Statistics = statistics

    /// The chosen tuples. No gradient is recorded, and what is not returned is disposed.
    abstract MineTuples: input: MetricInput -> Tuples

    /// The chosen tuples. `embeddings` (N × D), `labels` (N) whole numbers; positives and negatives come from the
    /// reference set, if one is given. A reference set without labels has those of the batch, sample by sample.
    member this.Mine
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null,
            seed: Seed
        ) : Tuples =
        this.MineWith(embeddings, labels, Tuples.All, refEmbeddings, refLabels, lazy seed)

    /// The same; random choices follow libtorch's generator.
    member this.Mine
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null
        ) : Tuples =
        this.MineWith(embeddings, labels, Tuples.All, refEmbeddings, refLabels, TorchSeed.draw ())

    /// The same, within the batch.
    member this.Mine(embeddings: torch.Tensor, labels: torch.Tensor) : Tuples =
        this.MineWith(embeddings, labels, Tuples.All, null, null, TorchSeed.draw ())

    /// The same, with a seed that is drawn only when a random choice is made.
    member internal this.MineWith
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor,
            pool: Tuples,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null,
            seed: Lazy<Seed>
        ) : Tuples =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        statistics.Reset()

        let input = MetricInput(embeddings, labels, pool, refEmbeddings, refLabels, seed)

        let found = this.MineTuples input

        if isNull (box found) then
            invalidOp
                $"{this.GetType().Name} returned null; a miner returns tuples: Tuples.All, Tuples.NewPairs or Tuples.NewTriplets."

        Tuples.check found
        let found = Tuples.map (fun indices -> indices.MoveToOuterDisposeScope()) found
        count found
        found
