namespace MetricLearning

open System
open TorchSharp

/// The checked input of a loss or miner for one batch: embeddings, labels, tuples, and the set that positives and
/// negatives are taken from.
[<Sealed>]
type MetricInput
    internal
    (
        embeddings: torch.Tensor,
        labels: torch.Tensor | null,
        choice: ChosenTuples,
        refEmbeddings: torch.Tensor | null,
        refLabels: torch.Tensor | null,
        seed: Lazy<Seed>,
        // (N) where each sample itself lies in the reference set, as in a memory that holds the batch; null: nowhere.
        ownPlaces: torch.Tensor | null,
        // As trainers compute it: the mean of nothing is 0 and not NaN, and tuples are of the batch even where a loss
        // compares with a memory.
        inTraining: bool,
        // Where only some anchors of a batch are here.
        tile: Tile<MetricInput>,
        comparison: LabelComparison
    ) =

    let isSelf = isNull refEmbeddings

    do
        ArgumentNullException.ThrowIfNull(seed, nameof seed)
        InputChecks.comparable (nameof embeddings) embeddings (nameof refEmbeddings) refEmbeddings
        ChosenTuples.check choice

    let labels =
        match labels with
        | null -> null
        | given -> InputChecks.labels (nameof labels) comparison embeddings given

    let references: torch.Tensor = if isSelf then embeddings else nonNull refEmbeddings

    let refLabels =
        match refLabels with
        | null -> null
        | given when isSelf ->
            invalidArg (nameof refLabels) "Reference labels without reference embeddings: give both, or neither."
        | given -> InputChecks.labels (nameof refLabels) comparison references given

    let choice = ChosenTuples.onDeviceOf embeddings choice

    let needed () =
        InputChecks.labelsToCompare labels refLabels (references.size 0)

    // Labels are compared once, however often the masks are asked for.
    let compared = lazy (LabelMasks.compared comparison (needed ()) refLabels)

    /// An input within the given reference set.
    new
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor | null,
            tuples: Tuples,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null,
            seed: Lazy<Seed>
        ) =
        let choice, equal = ChosenTuples.Listed tuples, LabelComparison.Equal
        MetricInput(embeddings, labels, choice, refEmbeddings, refLabels, seed, null, false, null, equal)

    /// (N × D).
    member _.Embeddings = embeddings

    /// (N) int64 on the embeddings' device, (N × columns) where a comparison reads rows, or null if only tuples are given.
    member _.Labels: torch.Tensor | null = labels

    /// The distances that a miner has computed of the embeddings; null: none that are known.
    member val internal Shared: SharedDistances | null = ChosenTuples.shared choice with get, set

    /// The tuples asked for, on the embeddings' device.
    member _.Tuples: Tuples = ChosenTuples.listed choice

    /// The same, as they were given.
    member internal _.Choice = choice

    /// (Nr × D): the very same object as `Embeddings` where no reference set is given.
    member _.RefEmbeddings = references

    /// `RefEmbeddings`, or null where no reference set is given.
    member _.References: torch.Tensor | null = refEmbeddings

    /// Null where the reference set is the batch, or has its labels, sample by sample. Then no sample matches itself.
    member _.RefLabels: torch.Tensor | null = refLabels

    /// True if the batch is compared with itself.
    member _.IsSelf = isSelf

    /// The seed of random choices; drawn only when one is made.
    member _.Seed = seed.Value

    /// The same input with other tuples.
    member this.WithTuples(tuples: Tuples) : MetricInput =
        this.On(ChosenTuples.Listed tuples, seed)

    member internal _.LazySeed = seed

    member internal _.InTraining = inTraining

    /// The tile of anchors that these are; null: all.
    member internal _.Tile: Tile<MetricInput> = tile

    /// The input of all anchors.
    member internal this.Whole: MetricInput =
        match tile with
        | null -> this
        | given -> given.Whole

    /// Other tuples of the same batch and reference set, with another seed.
    member internal _.On(choice: ChosenTuples, seed: Lazy<Seed>) : MetricInput =
        MetricInput(embeddings, labels, choice, refEmbeddings, refLabels, seed, ownPlaces, inTraining, tile, comparison)

    /// Says which samples match.
    member internal _.Comparison = comparison

    /// The same input, whose labels are compared in another way.
    member internal this.ComparedBy(other: LabelComparison) : MetricInput =
        if obj.ReferenceEquals(other, comparison) then
            this
        else
            MetricInput(embeddings, labels, choice, refEmbeddings, refLabels, seed, ownPlaces, inTraining, tile, other)

    /// Some anchors of this batch, against its reference set, or itself, with places of their own in it.
    member internal _.Part
        (tile: Tile<MetricInput>, embeddings, labels, tuples, refEmbeddings, refLabels, ownPlaces)
        : MetricInput =
        let choice = ChosenTuples.Listed tuples
        MetricInput(embeddings, labels, choice, refEmbeddings, refLabels, seed, ownPlaces, inTraining, tile, comparison)

    /// Another batch, against a reference set in which its samples may have places of their own.
    member internal this.Against
        (
            embeddings,
            labels: torch.Tensor | null,
            tuples,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null,
            ownPlaces: torch.Tensor | null
        ) : MetricInput =
        this.Part(null, embeddings, labels, tuples, refEmbeddings, refLabels, ownPlaces)

    /// (N) where each sample itself lies in the reference set; null: nowhere.
    member internal _.OwnPlaces: torch.Tensor | null = ownPlaces

    /// True if the reference set is a memory that holds the batch as well.
    member internal _.IsRemembered = not (isNull ownPlaces)

    // False where a sample itself lies in the reference set.
    member private _.OfOthers(mask: torch.Tensor) : torch.Tensor =
        match ownPlaces with
        | null -> mask
        | own ->
            let column = own.unsqueeze 1L
            mask.scatter (1L, column, torch.zeros_like (column, dtype = torch.ScalarType.Bool))

    /// (N × Nr) true where labels match; where the batch is its own reference set, of different samples.
    member _.Agrees() : torch.Tensor = fst compared.Value

    /// (N × Nr) true where labels match and the sample is another one.
    member this.Matches() : torch.Tensor = this.OfOthers(this.Agrees())

    /// (N × Nr) true where labels differ and the sample is another one.
    member this.Differs() : torch.Tensor =
        // No label differs from itself, but a row without a class has nothing in common with itself.
        if comparison.IsEquality then
            snd compared.Value
        else
            this.OfOthers(snd compared.Value)

    /// The labels, or an error: this loss needs them.
    member _.RequireLabels() : torch.Tensor = InputChecks.required labels

    /// An error if a reference set is given: for losses that compare with their own weights.
    member this.RejectReference() =
        if not this.Whole.IsSelf then
            InputChecks.refuseReferences ()

    /// An error if tuples are given: for losses that look at whole batches.
    member _.RejectTuples() =
        match choice with
        | ChosenTuples.Listed Tuples.All -> ()
        | _ -> InputChecks.refuseTuples ()

    /// (a1, p, a2, n), all pairs if tuples are `All`.
    member this.Pairs() : struct (torch.Tensor * torch.Tensor * torch.Tensor * torch.Tensor) =
        match this.Tuples with
        | Tuples.Triplets(a, p, n) -> struct (a, p, a, n)
        | Tuples.Pairs(a1, p, a2, n) -> struct (a1, p, a2, n)
        | _ ->
            let struct (a1, p) = Tuples.places (this.Matches())
            let struct (a2, n) = Tuples.places (this.Differs())
            struct (a1, p, a2, n)

    /// (a, p), all positive pairs if tuples are `All`.
    member this.PositivePairs() : struct (torch.Tensor * torch.Tensor) =
        match choice with
        | ChosenTuples.Masks masks -> Tuples.places masks.Positives
        | ChosenTuples.Listed Tuples.All -> Tuples.places (this.Matches())
        | ChosenTuples.Listed(Tuples.Pairs(a1, p, _, _)) -> struct (a1, p)
        | ChosenTuples.Listed(Tuples.Triplets(a, p, _)) -> struct (a, p)

    /// (a, p, n), all triplets if tuples are `All`, or the given number of random ones for each anchor (of a memory: all).
    member this.Triplets(perAnchor: Nullable<int>) : struct (torch.Tensor * torch.Tensor * torch.Tensor) =
        match choice with
        | ChosenTuples.Masks masks -> Tuples.tripletsOfMasks masks.Positives masks.Negatives
        | ChosenTuples.Listed Tuples.All when this.IsRemembered ->
            Tuples.tripletsOfMasks (this.Matches()) (this.Differs())
        | ChosenTuples.Listed Tuples.All -> LabelMasks.triplets comparison perAnchor seed (needed ()) refLabels
        | ChosenTuples.Listed(Tuples.Pairs(a1, p, a2, n)) -> Tuples.tripletsOfPairs a1 p a2 n
        | ChosenTuples.Listed(Tuples.Triplets(a, p, n)) -> struct (a, p, n)

    // Numbers of the whole batch, of which these samples have theirs; null of all tuples.
    member private this.OfTuples(name: string, ofWhole: MetricInput -> torch.Tensor) : torch.Tensor | null =
        match choice, tile with
        | ChosenTuples.Listed Tuples.All, _ -> null
        | _, null -> ofWhole this
        | _, tile -> tile.OfAnchors(tile.Shares.One(tile.Whole, name, (fun () -> ofWhole tile.Whole)))

    /// (N) how often the tuples take each sample of the batch, relative to the most frequent; null where all weights are 1.
    member this.Weights() : torch.Tensor | null =
        this.OfTuples(
            "weights",
            fun whole ->
                match whole.OwnPlaces with
                | null -> ChosenTuples.weights whole.IsSelf whole.Embeddings whole.Choice
                | own -> Tuples.toWeightsAt own (whole.RefEmbeddings.size 0) whole.Embeddings whole.Tuples
        )

    /// Values of the samples (N), times `Weights`.
    member this.Weighted(values: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(values, nameof values)

        match this.Weights() with
        | null -> values
        | weights -> values * weights

    /// (N) how often the tuples take each sample as an anchor, relative to the most frequent; null where all weights
    /// are 1.
    member this.AnchorWeights() : torch.Tensor | null =
        this.OfTuples("anchor weights", (fun whole -> ChosenTuples.weights false whole.Embeddings whole.Choice))
