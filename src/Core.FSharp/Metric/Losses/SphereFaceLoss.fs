namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Softmax cross entropy of inner products with class vectors of length 1, with the angle to the right class multiplied by m (Liu
/// et al. 2017, "SphereFace"). Its parameter is `W` (embeddingSize × numClasses).
[<Sealed>]
type SphereFaceLoss
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="margin">Factor of the angle of the right class, at least 1.</param>
    /// <param name="scale">Scale of the logits.</param>
    (
        numClasses: int,
        embeddingSize: int,
        [<Optional; DefaultParameterValue(4)>] margin: int,
        [<Optional; DefaultParameterValue(1.0)>] scale: float
    ) =
    inherit WeightedLoss("SphereFaceLoss", "W", numClasses, embeddingSize, true, distance = CosineSimilarity())

    do AngularMargin.check "SphereFaceLoss" margin

    // The lengths of embeddings (N × 1).
    member private this.Lengths(embeddings: torch.Tensor) : torch.Tensor =
        this.Distance.GetNorm(embeddings).unsqueeze 1L .* scale

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override this.ComputeLoss input =
        let cosines =
            ClassSoftmax.ofTarget input (AngularMargin.multiplied margin) (this.ToClasses input)

        ClassSoftmax.crossEntropy input (cosines * this.Lengths input.Embeddings)

    /// Scaled inner products (N × numClasses), without a margin, to classify with.
    override this.GetLogits embeddings =
        base.GetLogits embeddings * this.Lengths embeddings
