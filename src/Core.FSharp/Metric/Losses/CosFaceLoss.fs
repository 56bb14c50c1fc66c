namespace MetricLearning

open System.Runtime.InteropServices

/// Softmax cross entropy of scaled cosines to class vectors, with a margin on the cosine of the right class (Wang et al. 2018,
/// "CosFace"). Its parameter is `W` (embeddingSize × numClasses).
[<Sealed>]
type CosFaceLoss
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="margin">Subtracted from the cosine of the right class.</param>
    /// <param name="scale">Scale of the cosines.</param>
    (
        numClasses: int,
        embeddingSize: int,
        [<Optional; DefaultParameterValue(0.35)>] margin: float,
        [<Optional; DefaultParameterValue(64.0)>] scale: float
    ) =
    inherit WeightedLoss("CosFaceLoss", "W", numClasses, embeddingSize, true, distance = CosineSimilarity())

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override this.ComputeLoss input =
        let cosines = ClassSoftmax.raiseTarget input -margin (this.ToClasses input)
        ClassSoftmax.crossEntropy input (cosines .* scale)

    /// Scaled cosines (N × numClasses), without a margin, to classify with.
    override _.GetLogits embeddings = base.GetLogits embeddings .* scale
