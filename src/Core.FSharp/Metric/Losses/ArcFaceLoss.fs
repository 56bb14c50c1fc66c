namespace MetricLearning

open System.Runtime.InteropServices

/// Softmax cross entropy of scaled cosines to class vectors, with a margin on the angle of the right class (Deng et al. 2019,
/// "ArcFace"). Its parameter is `W` (embeddingSize × numClasses).
[<Sealed>]
type ArcFaceLoss
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="margin">Added to the angle of the right class, in degrees.</param>
    /// <param name="scale">Scale of the cosines.</param>
    (
        numClasses: int,
        embeddingSize: int,
        [<Optional; DefaultParameterValue(28.6)>] margin: float,
        [<Optional; DefaultParameterValue(64.0)>] scale: float
    ) =
    inherit WeightedLoss("ArcFaceLoss", "W", numClasses, embeddingSize, true, distance = CosineSimilarity())

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override this.ComputeLoss input =
        let cosines =
            ClassSoftmax.withAngularMargin input (AngularMargin.radians margin) (this.ToClasses input)

        ClassSoftmax.crossEntropy input (cosines .* scale)

    /// Scaled cosines (N × numClasses), without a margin, to classify with.
    override _.GetLogits embeddings = base.GetLogits embeddings .* scale
