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
    inherit LossSettings(name, distance, reducer)

    /// The formula: the values of each part with the samples that they belong to. See `ElementsOf`.
    abstract ComputeLoss: input: MetricInput -> IReadOnlyList<LossElements>

    /// Costs that do not depend on tuples: names and scalars.
    abstract Regularization: input: MetricInput -> IReadOnlyList<LossElements>

    default this.Regularization input =
        match this.EmbeddingRegularizer with
        | null -> [||]
        | regularizer ->
            let cost = regularizer.Compute input.Embeddings .* this.EmbeddingRegWeight
            [| ElementsOf.Reduced("embedding_reg_loss", cost) |]

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
            TrainingInput.make
                this.LabelComparison
                embeddings
                labels
                (ChosenTuples.Listed tuples)
                refEmbeddings
                refLabels
                (lazy seed),
            tuples
        )

    /// The same for what a miner chose of these embeddings.
    member internal this.ComputeChosen
        (embeddings: torch.Tensor, labels: torch.Tensor | null, choice: ChosenTuples, seed: Seed)
        : torch.Tensor =
        match choice with
        | ChosenTuples.Listed tuples -> this.Compute(embeddings, labels, tuples, null, null, seed)
        | ChosenTuples.Masks _ ->
            TrainingInput.make this.LabelComparison embeddings labels choice null null (lazy seed)
            |> this.ComputeOn

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
            MetricInput(
                embeddings,
                labels,
                ChosenTuples.Listed tuples,
                refEmbeddings,
                refLabels,
                TorchSeed.draw (),
                null,
                false,
                null,
                this.LabelComparison
            ),
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

            Tiling.size this.MaxMemory (this.NumbersPerAnchor input) anchors input.Embeddings
        else
            ValueNone

    /// The loss of an input.
    member this.ComputeOn(input: MetricInput) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(input, nameof input)
        let input = input.ComparedBy this.LabelComparison
        this.BeginCall()
        this.Statistics.Reset()

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
        this.BeginCall()
        this.Total(elements, this.Regularization input, input) |> this.Recorded

    member private this.Total(elements: LossElements seq, costs: LossElements seq, input: MetricInput) : torch.Tensor =
        let seen (part: LossElements) =
            if input.InTraining then part.NothingIsZero() else part

        let parts = [| yield! Seq.map seen elements; yield! costs |]
        let reduced = this.Reducer.Reduce(parts, input.Embeddings, input.Labels)
        WorkingReducer.visible input reduced |> Numeric.ofType input.Embeddings.dtype

    member private this.Recorded(total: torch.Tensor) : torch.Tensor =
        this.Statistics.Record("loss", fun () -> total.sum ())
        total
