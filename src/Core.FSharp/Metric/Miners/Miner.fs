namespace MetricLearning

open System
open TorchSharp

/// Chooses the tuples of a batch that a loss compares. A miner of your own gives `MineTuples`. Its statistics
/// `num_pos_pairs`, `num_neg_pairs` and `num_triplets` cost nothing and are always recorded.
[<AbstractClass>]
type Miner
    /// <param name="name">Name of the miner's class.</param>
    /// <param name="distance">The distance, unless another one is set.</param>
    /// <param name="statisticNames">Names of the statistics that it records besides the counts.</param>
    (name: string, distance: Distance, [<ParamArray>] statisticNames: string[]) =
    inherit MetricPart(name, statisticNames)

    do ArgumentNullException.ThrowIfNull(distance, nameof distance)

    let mutable distance = distance
    let mutable comparison = LabelComparison.Equal

    let count (statistics: Statistics) (tuples: Tuples) : unit =
        let positives, negatives, triplets =
            match tuples with
            | Tuples.All -> 0L, 0L, 0L
            | Tuples.Pairs(a1, _, a2, _) -> a1.size 0, a2.size 0, 0L
            | Tuples.Triplets(a, _, _) -> 0L, 0L, a.size 0

        statistics.Count("num_pos_pairs", positives)
        statistics.Count("num_neg_pairs", negatives)
        statistics.Count("num_triplets", triplets)

    /// Compares by the Euclidean distance of normalised embeddings.
    new(name: string, [<ParamArray>] statisticNames: string[]) = Miner(name, LpDistance(), statisticNames)

    /// Compares the embeddings. Set where the miner is made.
    member this.Distance
        with get () = distance
        and set (value: Distance) =
            this.RefuseInUse(nameof this.Distance)
            ArgumentNullException.ThrowIfNull(value, nameof this.Distance)
            this.CheckDistance value
            distance <- value

    /// Says which samples match by their labels: by default those with the same label. A loss that uses the miner's tuples has its own.
    /// Set where the miner is made.
    member this.LabelComparison
        with get (): LabelComparison = comparison
        and set (value: LabelComparison) =
            this.RefuseInUse(nameof this.LabelComparison)
            ArgumentNullException.ThrowIfNull(value, nameof this.LabelComparison)
            comparison <- value

    /// Refuses a distance that the miner cannot work with, by an ArgumentException.
    abstract CheckDistance: distance: Distance -> unit

    default _.CheckDistance _ = ()

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
        this.MineWith(embeddings, labels, Tuples.All, refEmbeddings, refLabels, null, lazy seed)

    /// The same; random choices follow libtorch's generator.
    member this.Mine
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null
        ) : Tuples =
        this.MineWith(embeddings, labels, Tuples.All, refEmbeddings, refLabels, null, TorchSeed.draw ())

    /// The same, within the batch.
    member this.Mine(embeddings: torch.Tensor, labels: torch.Tensor) : Tuples =
        this.MineWith(embeddings, labels, Tuples.All, null, null, null, TorchSeed.draw ())

    /// The choice as masks, of a miner that has it so; else null.
    member val internal Masks: (MetricInput -> struct (torch.Tensor * torch.Tensor)) | null = null with get, set

    member private this.Listed(input: MetricInput) : Tuples =
        let rows, references = input.Embeddings.size 0, input.RefEmbeddings.size 0

        let found =
            if rows = 0L || references = 0L then
                let nothing () =
                    torch.empty (0L, dtype = torch.ScalarType.Int64, device = input.Embeddings.device)

                Tuples.Triplets(nothing (), nothing (), nothing ())
            else
                this.MineTuples input

        if isNull (box found) then
            invalidOp
                $"{name} returned null; a miner returns tuples: Tuples.All, Tuples.NewPairs or Tuples.NewTriplets."

        Tuples.check found

        if this.GetType().Assembly <> typeof<Miner>.Assembly then
            TupleRanges.check rows references found

        // Labels alone do not tell a miner of one's own where the samples themselves lie.
        match input.OwnPlaces with
        | null -> found
        | places -> TupleIndices.withoutOwn places found

    /// The same, with a seed that is drawn only when a random choice is made. `ownPlaces` (N): where each sample itself
    /// lies in the reference set, as in a memory that holds the batch; it is never its own positive. Null: nowhere.
    member internal this.MineWith
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor,
            pool: Tuples,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null,
            ownPlaces: torch.Tensor | null,
            seed: Lazy<Seed>
        ) : Tuples =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        this.BeginCall()

        let input =
            MetricInput(
                embeddings,
                labels,
                ChosenTuples.Listed pool,
                refEmbeddings,
                refLabels,
                seed,
                ownPlaces,
                false,
                null,
                comparison
            )

        let rows, references = input.Embeddings.size 0, input.RefEmbeddings.size 0
        TupleRanges.check rows references pool

        let found =
            Tuples.map (fun indices -> indices.MoveToOuterDisposeScope()) (this.Listed input)

        count this.Statistics found
        TupleRanges.mark rows references found

    /// Tuples of a batch for a loss of the very same embeddings, within the dispose scope of an iteration: masks of pairs where the
    /// miner has them, and with them what else the loss can use again.
    member internal this.MineForLoss(embeddings: torch.Tensor, labels: torch.Tensor, seed: Seed) : ChosenTuples =
        match this.Masks with
        | NonNull mine when embeddings.size 0 > 0L ->
            let shared = SharedDistances embeddings
            use _ = torch.no_grad ()
            use _ = torch.NewDisposeScope()
            this.BeginCall()

            let input =
                MetricInput(
                    embeddings,
                    labels,
                    ChosenTuples.all,
                    null,
                    null,
                    lazy seed,
                    null,
                    false,
                    null,
                    comparison,
                    Shared = shared
                )

            let struct (positives, negatives) = mine input
            let masks = MaskedPairs(positives, negatives, shared).MoveToOuterDisposeScope()
            this.Statistics.Count("num_triplets", 0L)
            this.Statistics.CountLater("num_pos_pairs", masks.PositiveCount)
            this.Statistics.CountLater("num_neg_pairs", masks.NegativeCount)
            ChosenTuples.Masks masks
        | _ -> ChosenTuples.Listed(this.Mine(embeddings, labels, null, null, seed))
