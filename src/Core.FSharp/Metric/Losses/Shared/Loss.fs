namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// A metric loss. A loss of your own gives `ComputeLoss`; it is a module, so parameters that it registers are learned.
[<AbstractClass>]
type Loss
    /// <param name="name">Name of the loss's class.</param>
    /// <param name="distance">The distance unless another one is set; null: Euclidean, of normalised embeddings.</param>
    /// <param name="reducer">The reducer unless another one is set; null: the mean.</param>
    (
        name: string,
        [<Optional; DefaultParameterValue(null: Distance | null)>] distance: Distance | null,
        [<Optional; DefaultParameterValue(null: Reducer | null)>] reducer: Reducer | null
    ) =
    inherit LossTraits(name)

    let inUse = InUse name

    let mutable distance: Distance =
        match distance with
        | null -> LpDistance()
        | given -> given

    let mutable given: Reducer =
        match reducer with
        | null -> MeanReducer()
        | given -> given

    // Made at first use, because it depends on members that subclasses override.
    let mutable working: Reducer | null = null
    let mutable embeddingRegularizer: Regularizer | null = null
    let mutable embeddingRegWeight = 1.0
    let mutable statistics = Statistics(Nullable(), [| "loss" |])
    let mutable maxMemory = 1L <<< 30

    /// The name of its class, as records and messages use it.
    member _.Name = name

    /// Compares embeddings. The default is the loss's own; a distance that it cannot use is an ArgumentException.
    member this.Distance
        with get (): Distance = distance
        and set (value: Distance) =
            inUse.Refuse "Distance"
            ArgumentNullException.ThrowIfNull(value, "Distance")
            this.CheckDistance value
            distance <- value

    /// Reduces values to a scalar. The loss works with a copy of the one that is set, or with a MultipleReducers of one
    /// copy for each part if it has several: this property is what it works with, so one reducer can be given to many
    /// losses, and statistics are read here.
    member this.Reducer
        with get (): Reducer =
            match working with
            | null ->
                let made = WorkingReducer.make given this.Parts this.IsRegularized
                working <- made
                made
            | made -> made
        and set (value: Reducer) =
            inUse.Refuse "Reducer"
            ArgumentNullException.ThrowIfNull(value, "Reducer")
            given <- value
            working <- null

    /// A cost of the embeddings as they come from the network, which is added to the loss; null: none.
    member _.EmbeddingRegularizer
        with get (): Regularizer | null = embeddingRegularizer
        and set (value: Regularizer | null) =
            inUse.Refuse "EmbeddingRegularizer"
            embeddingRegularizer <- value
            working <- null

    /// The weight of the embeddings' cost; by default 1.
    member _.EmbeddingRegWeight
        with get (): float = embeddingRegWeight
        and set (value: float) =
            inUse.Refuse "EmbeddingRegWeight"
            embeddingRegWeight <- value

    /// About how many bytes the loss may take besides the embeddings, what it learns, and their gradients: by default 1 GiB.
    /// A loss whose `AnchorsAreIndependent` is true and that would take more is computed some anchors at a time, each tile
    /// forward and backward, with the same value and gradients but for rounding; it has no gradient of gradients then.
    /// Losses inside this one have their own.
    member this.MaxMemory
        with get (): int64 = maxMemory
        and set (value: int64) =
            inUse.Refuse(nameof this.MaxMemory)
            Ranges.atLeast 1L (nameof this.MaxMemory) value
            maxMemory <- value

    /// Collects statistics of every call in `Stats`. By default as `Statistics.CollectByDefault` is when the loss is made;
    /// set it where the loss is made.
    member _.CollectStats
        with get (): bool = statistics.Collecting
        and set (value: bool) =
            inUse.Refuse "CollectStats"
            statistics <- Statistics(Nullable value, [| "loss" |])

    /// `loss`: the scalar of the last call, if statistics are collected.
    member _.Stats = statistics.Values

    /// Refuses a property that is set when the loss is already in use: for the properties of a loss of your own.
    member _.RefuseInUse(property: string) : unit =
        ArgumentNullException.ThrowIfNull(property, nameof property)
        inUse.Refuse property

    /// The working reducer is made anew: parts or costs of the loss have changed.
    member internal _.RenewReducer() : unit = working <- null

    /// An ArgumentException if the loss cannot use a distance. By default it can use any.
    abstract CheckDistance: distance: Distance -> unit

    default _.CheckDistance _ = ()

    /// The formula: the values of each part with the samples that they belong to. See `ElementsOf`.
    abstract ComputeLoss: input: MetricInput -> IReadOnlyList<LossElements>

    /// Costs that do not depend on tuples: names and scalars.
    abstract Regularization: input: MetricInput -> IReadOnlyList<LossElements>

    default _.Regularization input =

        match embeddingRegularizer with
        | null -> [||]
        | regularizer ->
            let cost = regularizer.Compute input.Embeddings .* embeddingRegWeight
            [| ElementsOf.Reduced("embedding_reg_loss", cost) |]

    /// True if `Regularization` adds a part.
    abstract IsRegularized: bool

    default _.IsRegularized = not (isNull embeddingRegularizer)

    /// The loss of a batch as trainers compute it, a scalar. `embeddings` (N × D); `labels` (N) whole numbers, null if tuples are enough;
    /// anchors are of the batch, positives and negatives of the reference set, if one is given. Without any pair or
    /// triplet it is 0, with gradients of 0. Tensors it makes belong to the caller's dispose scope.
    member this.Compute
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor | null,
            tuples: Tuples,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null,
            seed: Seed
        ) : torch.Tensor =
        this.ComputeChecked(
            TrainingInput.make embeddings labels (ChosenTuples.Listed tuples) refEmbeddings refLabels (lazy seed),
            tuples
        )

    /// The same for what a miner chose of these embeddings.
    member internal this.ComputeChosen
        (embeddings: torch.Tensor, labels: torch.Tensor | null, choice: ChosenTuples, seed: Seed)
        : torch.Tensor =
        match choice with
        | ChosenTuples.Listed tuples -> this.Compute(embeddings, labels, tuples, null, null, seed)
        | ChosenTuples.Masks _ -> this.ComputeOn(TrainingInput.make embeddings labels choice null null (lazy seed))

    /// The same; random choices follow libtorch's generator. A mean over samples is NaN, as in the reference, if no sample
    /// takes part.
    member this.Compute
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor | null,
            tuples: Tuples,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null
        ) : torch.Tensor =
        this.ComputeChecked(
            MetricInput(embeddings, labels, tuples, refEmbeddings, refLabels, TorchSeed.draw ()),
            tuples
        )

    /// The same, within the batch.
    member this.Compute(embeddings: torch.Tensor, labels: torch.Tensor | null, tuples: Tuples) : torch.Tensor =
        this.Compute(embeddings, labels, tuples, null, null)

    /// The same, on all pairs or triplets that the labels allow.
    member this.Compute(embeddings: torch.Tensor, labels: torch.Tensor) : torch.Tensor =
        this.Compute(embeddings, labels, Tuples.All, null, null)

    member private this.ComputeChecked(input: MetricInput, given: Tuples) : torch.Tensor =
        if this.TuplesAreOfBatch then
            TupleRanges.check (input.Embeddings.size 0) (input.RefEmbeddings.size 0) given

        this.ComputeOn input

    member private this.TileSize(input: MetricInput) : int64 voption =
        // References that have neither labels nor the batch's are refused by whoever needs them.
        let isClear = input.IsAligned || not (isNull input.RefLabels)

        if isClear && this.AnchorsAreIndependent && this.Reducer.IsSumOverCount then
            let anchors =
                if this.TilesOverClasses > 0L then
                    this.TilesOverClasses
                else
                    input.Embeddings.size 0

            Tiling.size maxMemory (this.NumbersPerAnchor input) anchors input.Embeddings
        else
            ValueNone

    /// The loss of an input.
    member this.ComputeOn(input: MetricInput) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(input, nameof input)
        inUse.Start()
        statistics.Reset()

        let elements (part: MetricInput) =
            Arguments.returned $"ComputeLoss of {name}" (this.ComputeLoss part)

        match this.TileSize input with
        | ValueNone -> this.Finish(elements input, input)
        | ValueSome rows ->
            let costs = this.Regularization input
            let reduce parts = this.Total(parts, costs, input)

            TileRun.compute input rows this.TilesOverClasses (this.parameters ()) elements reduce
            |> this.Recorded

    /// The loss of an input from elements that were computed some other way than by `ComputeLoss`, for a loss that takes
    /// further arguments.
    member this.Finish(elements: IReadOnlyList<LossElements>, input: MetricInput) : torch.Tensor =
        let elements = Arguments.noneNull (nameof elements) elements
        ArgumentNullException.ThrowIfNull(input, nameof input)
        inUse.Start()
        this.Total(elements, this.Regularization input, input) |> this.Recorded

    member private this.Total(elements: LossElements seq, costs: LossElements seq, input: MetricInput) : torch.Tensor =
        let seen (part: LossElements) =
            if input.InTraining then part.NothingIsZero() else part

        let parts = [| yield! Seq.map seen elements; yield! costs |]
        let reduced = this.Reducer.Reduce(parts, input.Embeddings, input.Labels)
        WorkingReducer.visible input reduced |> Numeric.ofType input.Embeddings.dtype

    member private _.Recorded(total: torch.Tensor) : torch.Tensor =
        statistics.Record("loss", fun () -> total.sum ())
        total
