namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// A loss that learns one or several vectors for each class: a parameter of the documented name, which must be given to an
/// optimizer. Several vectors of one class are neighbours in it.
[<AbstractClass>]
type WeightedLoss
    /// <param name="name">Name of the loss's class.</param>
    /// <param name="parameterName">Name of the parameter.</param>
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="columnsAreClasses">True if the parameter is (D × C), false if it is (C × D).</param>
    /// <param name="vectorsPerClass">Number of vectors of each class.</param>
    /// <param name="weightInitFunc">Fills the weights in place unless another function is set; null: normal numbers.</param>
    /// <param name="distance">The distance unless another one is set; null: Euclidean, of normalised embeddings.</param>
    /// <param name="reducer">The reducer unless another one is set; null: the mean.</param>
    (
        name: string,
        parameterName: string,
        numClasses: int,
        embeddingSize: int,
        columnsAreClasses: bool,
        [<Optional; DefaultParameterValue(1)>] vectorsPerClass: int,
        [<Optional; DefaultParameterValue(null: Action<torch.Tensor> | null)>] weightInitFunc:
            Action<torch.Tensor> | null,
        [<Optional; DefaultParameterValue(null: Distance | null)>] distance: Distance | null,
        [<Optional; DefaultParameterValue(null: Reducer | null)>] reducer: Reducer | null
    ) as this =
    inherit Loss(name, distance, reducer)

    let mutable init =
        match weightInitFunc with
        | null -> WeightInit.normal
        | given -> given

    let mutable regularizer: Regularizer | null = null
    let mutable regWeight = 1.0

    do
        if numClasses < 1 || embeddingSize < 1 then
            invalidArg
                (nameof numClasses)
                $"A loss with class weights needs at least one class and one dimension; it was given {numClasses} and {embeddingSize}."

        if vectorsPerClass < 1 then
            invalidArg (nameof vectorsPerClass) $"A class needs at least one vector; it was given {vectorsPerClass}."

        let vectors, size = int64 numClasses * int64 vectorsPerClass, int64 embeddingSize

        let weights =
            if columnsAreClasses then
                torch.empty (size, vectors)
            else
                torch.empty (vectors, size)

        init.Invoke weights
        this.Learn(parameterName, weights)

    override _.TakesReferences = false

    override _.CheckLabelComparison comparison =
        ComparisonChecks.equality name "learns vectors of classes, of which a sample has one" comparison

    override _.NumbersPerAnchor _ =
        int64 numClasses * int64 vectorsPerClass

    /// The number of classes.
    member _.NumClasses = numClasses

    /// The dimension of the embeddings.
    member _.EmbeddingSize = embeddingSize

    /// Fills the weights in place, as soon as it is set.
    member this.WeightInitFunc
        with get (): Action<torch.Tensor> = init
        and set (value: Action<torch.Tensor>) =
            this.RefuseInUse "WeightInitFunc"
            ArgumentNullException.ThrowIfNull(value, "WeightInitFunc")
            use _ = torch.no_grad ()
            value.Invoke(nonNull (this.get_parameter parameterName))
            init <- value

    /// A cost of the class weights (classes × D), which is added to the loss; null: none.
    member this.WeightRegularizer
        with get (): Regularizer | null = regularizer
        and set (value: Regularizer | null) =
            this.RefuseInUse "WeightRegularizer"
            regularizer <- value
            this.RenewReducer()

    /// The weight of the class weights' cost; by default 1.
    member this.WeightRegWeight
        with get (): float = regWeight
        and set (value: float) =
            this.RefuseInUse "WeightRegWeight"
            regWeight <- value

    /// The parameter, in the dtype and on the device of the embeddings.
    member this.WeightsLike(embeddings: torch.Tensor) : torch.Tensor = this.Learned(parameterName, embeddings)

    /// The vectors of the classes as rows (classes · vectors × D), in the dtype and on the device of the embeddings.
    member this.ClassVectors(embeddings: torch.Tensor) : torch.Tensor =
        let weights = this.WeightsLike embeddings
        if columnsAreClasses then weights.t () else weights

    /// An error unless labels in this range are of known classes.
    member internal _.RefuseBeyond(struct (smallest: int64, largest: int64)) : unit =
        if smallest < 0L || largest >= int64 numClasses then
            invalidArg
                "labels"
                $"This loss was made for classes 0 to {numClasses - 1}; there are labels from {smallest} to {largest}. Set SetMinLabelToZero, or give a larger numClasses."

    /// The parameter for an input, or an error if the loss cannot take it: labels of known classes, no reference set.
    member this.WeightsFor(input: MetricInput) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(input, nameof input)
        input.RejectReference()

        if input.Embeddings.size 1 <> int64 embeddingSize then
            invalidArg
                "embeddings"
                $"This loss was made for embeddings of {embeddingSize} numbers; these have {input.Embeddings.size 1}."

        InputChecks.beyond (int64 numClasses) (input.Whole.RequireLabels())
        |> ValueOption.iter this.RefuseBeyond

        this.WeightsLike input.Embeddings

    /// The distance or similarity of each embedding of an input to each class vector (N × classes · vectors), or an error
    /// if the loss cannot take the input.
    member this.ToClasses(input: MetricInput) : torch.Tensor =
        this.WeightsFor input |> ignore
        InputDistances.withClasses this.Distance this.ClassVectors input

    /// The similarities or distances of embeddings (N × D) to each class, shape (N × numClasses), to classify with.
    abstract GetLogits: embeddings: torch.Tensor -> torch.Tensor

    default this.GetLogits embeddings =
        this.Distance.Matrix(embeddings, this.ClassVectors embeddings)

    override _.IsRegularized = base.IsRegularized || not (isNull regularizer)

    override this.Regularization input =
        let costs = base.Regularization input

        match regularizer with
        | null -> costs
        | given ->
            let cost = given.Compute(this.ClassVectors input.Embeddings) .* regWeight
            [| yield! costs; ElementsOf.Reduced("weight_reg_loss", cost) |]
