namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// A loss that learns a vector, or several, for each class: a parameter of the documented name, which an optimizer must
/// be given. Rows of the parameter are classes, or columns are (`columnsAreClasses`); those of one class are neighbours.
[<AbstractClass>]
type WeightedLoss
    (
        settings: LossSettings,
        weightSettings: WeightSettings,
        parameterName: string,
        numClasses: int,
        embeddingSize: int,
        columnsAreClasses: bool,
        vectorsPerClass: int
    ) as this =
    inherit Loss(settings)

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

        match weightSettings.Init with
        | null -> WeightSettings.normal.Invoke weights
        | init -> init.Invoke weights

        this.Learn(parameterName, weights)

    /// One vector a class.
    new
        (
            settings: LossSettings,
            weightSettings: WeightSettings,
            parameterName: string,
            numClasses: int,
            embeddingSize: int,
            columnsAreClasses: bool
        ) =
        new WeightedLoss(settings, weightSettings, parameterName, numClasses, embeddingSize, columnsAreClasses, 1)

    override _.TakesReferences = false

    /// How many classes there are.
    member _.NumClasses = numClasses

    /// How wide embeddings are.
    member _.EmbeddingSize = embeddingSize

    /// The parameter, in the dtype and on the device of the embeddings.
    member this.WeightsLike(embeddings: torch.Tensor) : torch.Tensor = this.Learned(parameterName, embeddings)

    /// The parameter for an input, or an error if this loss cannot take it: labels of known classes, no reference set.
    member this.WeightsFor(input: MetricInput) : torch.Tensor =
        input.RejectReference()
        let labels = input.RequireLabels()

        if input.Embeddings.size 1 <> int64 embeddingSize then
            invalidArg
                "embeddings"
                $"This loss was made for embeddings of {embeddingSize} numbers; these have {input.Embeddings.size 1}."

        // Elsewhere the look would wait for the device, and the device reports it itself.
        if labels.device_type = DeviceType.CPU && labels.size 0 > 0L then
            let struct (low, high) = labels.aminmax ()
            let smallest, largest = low.item<int64>(), high.item<int64>()

            if largest >= int64 numClasses || smallest < 0L then
                invalidArg
                    "labels"
                    $"This loss was made for classes 0 to {numClasses - 1}; there are labels from {smallest} to {largest}. Set set_min_label_to_zero, or give a larger numClasses."

        this.WeightsLike input.Embeddings

    /// How each embedding (N × D) compares with each class, shape (N × numClasses): what to classify with.
    abstract GetLogits: embeddings: torch.Tensor -> torch.Tensor

    default this.GetLogits embeddings =
        let weights = this.WeightsLike embeddings
        this.Distance.Matrix(embeddings, (if columnsAreClasses then weights.t () else weights))

    /// A cost of the class weights themselves, if there is one.
    member _.WeightRegularizer: Regularizer | null = weightSettings.Regularizer

    override _.IsRegularized = base.IsRegularized || not (isNull weightSettings.Regularizer)

    override this.Regularization input =
        let costs = base.Regularization input

        match weightSettings.Regularizer with
        | null -> costs
        | regularizer ->
            let weights = this.WeightsLike input.Embeddings
            let rows = if columnsAreClasses then weights.t () else weights
            let cost = regularizer.Compute rows * weightSettings.RegWeight
            Array.append (Seq.toArray costs) [| ElementsOf.Reduced("weight_reg_loss", cost) |]

/// A loss with class weights that is its formula.
[<Sealed>]
type internal FormulaWeightedLoss
    (
        settings: LossSettings,
        weightSettings: WeightSettings,
        parameterName: string,
        numClasses: int,
        embeddingSize: int,
        columnsAreClasses: bool,
        vectorsPerClass: int,
        parts: string[],
        formula: Distance -> torch.Tensor -> MetricInput -> IReadOnlyList<LossElements>,
        logits: Distance -> torch.Tensor -> torch.Tensor -> torch.Tensor
    ) =
    inherit
        WeightedLoss(
            settings,
            weightSettings,
            parameterName,
            numClasses,
            embeddingSize,
            columnsAreClasses,
            vectorsPerClass
        )

    /// Says by its type which loss it is.
    member internal _.Formula: obj = formula

    override _.Parts = parts

    override this.GetLogits embeddings =
        logits this.Distance (this.WeightsLike embeddings) embeddings

    override this.ComputeLoss input =
        formula this.Distance (this.WeightsFor input) input
