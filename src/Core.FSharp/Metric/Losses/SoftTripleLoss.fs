namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Softmax cross entropy over classes of several centres: the similarity of a class is that of its centres, weighted by their
/// softmax (Qian et al. 2019, "SoftTriple loss"). Its parameter is `fc` (embeddingSize × numClasses · centersPerClass), the
/// centres of a class side by side.
[<Sealed>]
type SoftTripleLoss
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="centersPerClass">Number of centres of each class.</param>
    /// <param name="la">Scale λ of the similarities.</param>
    /// <param name="gamma">Softness γ with which the centres of a class share its samples.</param>
    /// <param name="margin">Subtracted from the similarity of the right class.</param>
    (
        numClasses: int,
        embeddingSize: int,
        [<Optional; DefaultParameterValue(10)>] centersPerClass: int,
        [<Optional; DefaultParameterValue(20.0)>] la: float,
        [<Optional; DefaultParameterValue(0.1)>] gamma: float,
        [<Optional; DefaultParameterValue(0.01)>] margin: float
    ) =
    inherit
        WeightedLoss(
            "SoftTripleLoss",
            "fc",
            numClasses,
            embeddingSize,
            true,
            centersPerClass,
            WeightInit.kaimingUniform,
            CosineSimilarity()
        )

    // From similarities of centres (N × numClasses · centersPerClass) to those of classes (N × numClasses).
    let ofClasses (similarities: torch.Tensor) : torch.Tensor =
        let ofCenters =
            similarities.reshape (similarities.size 0, int64 numClasses, int64 centersPerClass)

        ((ofCenters ./ gamma).softmax 2L * ofCenters).sum 2L

    override _.AnchorsAreIndependent = true

    override _.CheckDistance distance =
        if not distance.IsInverted then
            invalidArg (nameof distance) "SoftTripleLoss needs a similarity, such as CosineSimilarity."

    /// Similarities of classes (N × numClasses), neither scaled nor with a margin, to classify with.
    override _.GetLogits embeddings = ofClasses (base.GetLogits embeddings)

    override this.ComputeLoss input =
        let similarities =
            ClassSoftmax.ofTarget input (fun own -> own .- margin) (ofClasses (this.ToClasses input))

        ClassSoftmax.crossEntropy input (similarities .* la)
