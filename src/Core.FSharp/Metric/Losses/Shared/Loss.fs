namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// A metric loss. A loss of your own gives `ComputeLoss`; it is a module, so parameters that it registers are learned.
[<AbstractClass>]
type Loss(settings: LossSettings) =
    inherit torch.nn.Module("Loss")

    let distance =
        match settings.Distance with
        | null -> LpDistance() :> Distance
        | given -> given

    let given =
        match settings.Reducer with
        | null -> MeanReducer() :> Reducer
        | given -> given

    let statistics = Statistics(settings.CollectStats, [| "loss" |])
    // Made at first use, because it depends on members that subclasses override.
    let mutable reducer: Reducer | null = null

    /// Only defaults: Euclidean distance on normalised embeddings, the mean.
    new() = new Loss(LossSettings.defaults)

    /// What embeddings are compared with.
    member _.Distance = distance

    /// The reducer at work: a copy of the one given, or a MultipleReducers with a copy for each part if the loss has
    /// several. One reducer can therefore be given to many losses; statistics are read here.
    member this.Reducer: Reducer =
        match reducer with
        | null ->
            let made = this.MakeReducer()
            reducer <- made
            made
        | made -> made

    /// A cost of the embeddings themselves, if there is one.
    member _.EmbeddingRegularizer: Regularizer | null = settings.EmbeddingRegularizer

    /// `loss`: the scalar of the last call, if statistics are collected.
    member _.Stats = statistics.Values

    /// The names of the loss's parts.
    abstract Parts: string[]

    default _.Parts = [| "loss" |]

    /// The formula: each part's values with what they belong to. See `ElementsOf`.
    abstract ComputeLoss: input: MetricInput -> IReadOnlyList<LossElements>

    /// Costs that do not depend on tuples: names and scalars.
    abstract Regularization: input: MetricInput -> IReadOnlyList<LossElements>

    default _.Regularization input =
        match settings.EmbeddingRegularizer with
        | null -> [||]
        | regularizer ->
            let cost = regularizer.Compute input.Embeddings * settings.EmbeddingRegWeight
            [| ElementsOf.Reduced("embedding_reg_loss", cost) |]

    /// Whether `Regularization` adds a part.
    abstract IsRegularized: bool

    default _.IsRegularized = not (isNull settings.EmbeddingRegularizer)

    /// Registers a parameter, for a loss that learns: its name in the loss's state, and how it starts. It outlives any
    /// dispose scope; an optimizer must be given it.
    member this.Learn(name: string, initial: torch.Tensor) : unit =
        let parameter = new Modules.Parameter(initial)
        parameter.DetachFromDisposeScope() |> ignore
        this.register_parameter (name, parameter)

    /// A registered parameter, in the dtype and on the device of the embeddings.
    member this.Learned(name: string, embeddings: torch.Tensor) : torch.Tensor =
        match this.get_parameter name with
        | null -> invalidOp $"This loss has no parameter {name}: Learn it in the constructor."
        | parameter -> parameter.``to`` embeddings

    /// Registers a buffer, for a loss that remembers: its name in the loss's state, and how it starts. It outlives any
    /// dispose scope. Memory is part of the training state only if it is all in such buffers, and they are written in
    /// place (`copy_`), never replaced.
    member this.Remember(name: string, initial: torch.Tensor) : unit =
        initial.DetachFromDisposeScope() |> ignore
        this.register_buffer (name, initial)

    /// A registered buffer itself.
    member this.Remembered(name: string) : torch.Tensor =
        match this.get_buffer name with
        | null -> invalidOp $"This loss has no buffer {name}: Remember it in the constructor."
        | buffer -> buffer

    /// Whether positives and negatives may be of a reference set; those that compare with their own weights take none.
    abstract TakesReferences: bool

    default _.TakesReferences = true

    /// Whether labels may be any numbers that say which samples belong together, rather than classes that the loss knows
    /// something about.
    abstract TakesAnyLabels: bool

    default this.TakesAnyLabels = this.TakesReferences

    /// Whether computing the loss writes into its parameters. Then a training step works on a copy of them.
    abstract RewritesParameters: bool

    default _.RewritesParameters = false

    member private this.MakeReducer() : Reducer =
        if given.TakesAllParts then
            given
        elif this.Parts.Length = 1 && not this.IsRegularized then
            given.Copy()
        else
            let copies = Dictionary<string, Reducer>()

            for part in this.Parts do
                copies[part] <- given.Copy()

            MultipleReducers(copies, (given.Copy()))

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
        this.ComputeOn(MetricInput(embeddings, labels, tuples, refEmbeddings, refLabels, lazy seed, null, true))

    /// The same; random choices follow libtorch's generator. A mean over samples is NaN, as in the reference, where no
    /// sample takes part.
    member this.Compute
        (
            embeddings: torch.Tensor,
            labels: torch.Tensor | null,
            tuples: Tuples,
            refEmbeddings: torch.Tensor | null,
            refLabels: torch.Tensor | null
        ) : torch.Tensor =
        this.ComputeOn(MetricInput(embeddings, labels, tuples, refEmbeddings, refLabels, TorchSeed.draw ()))

    /// The same, within the batch.
    member this.Compute(embeddings: torch.Tensor, labels: torch.Tensor | null, tuples: Tuples) : torch.Tensor =
        this.Compute(embeddings, labels, tuples, null, null)

    /// The same, on whatever pairs or triplets the labels allow.
    member this.Compute(embeddings: torch.Tensor, labels: torch.Tensor) : torch.Tensor =
        this.Compute(embeddings, labels, Tuples.All, null, null)

    /// The loss of an input.
    member this.ComputeOn(input: MetricInput) : torch.Tensor =
        statistics.Reset()
        this.Finish(this.ComputeLoss input, input)

    /// The loss of an input whose elements were computed some other way than by `ComputeLoss`, for a loss that can be
    /// given more than others.
    member this.Finish(elements: IReadOnlyList<LossElements>, input: MetricInput) : torch.Tensor =
        let seen (part: LossElements) =
            if input.InTraining then part.NothingIsZero() else part

        let parts = elements |> Seq.map seen |> Seq.toArray
        let costs = this.Regularization input

        let parts =
            if costs.Count = 0 then
                parts
            else
                Array.append parts (Seq.toArray costs)

        let total = this.Reducer.Reduce(parts, input.Embeddings, input.Labels)

        let total =
            if total.dtype = input.Embeddings.dtype then
                total
            else
                total.to_type input.Embeddings.dtype

        statistics.Record("loss", fun () -> total.sum ())
        total
