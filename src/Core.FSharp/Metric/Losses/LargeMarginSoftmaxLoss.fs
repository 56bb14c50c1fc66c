namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Softmax cross entropy of inner products with class vectors, with the angle to the right class multiplied by m (Liu et al.
/// 2016, "Large-margin softmax loss for convolutional neural networks"). Its parameter is `W` (embeddingSize × numClasses).
[<Sealed>]
type LargeMarginSoftmaxLoss
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
    inherit WeightedLoss("LargeMarginSoftmaxLoss", "W", numClasses, embeddingSize, true, distance = CosineSimilarity())

    do AngularMargin.check "LargeMarginSoftmaxLoss" margin

    // The lengths of class vectors (C).
    member private this.LengthsOfClasses(embeddings: torch.Tensor) : torch.Tensor =
        this.Distance.GetNorm(this.ClassVectors embeddings)

    // The lengths of embeddings times those of class vectors (N × C).
    member private this.Lengths(embeddings: torch.Tensor, ofClasses: torch.Tensor) : torch.Tensor =
        let ofEmbeddings = this.Distance.GetNorm(embeddings).unsqueeze 1L
        ofEmbeddings * ofClasses.unsqueeze 0L .* scale

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override this.ComputeLoss input =
        let cosines =
            ClassSoftmax.ofTarget input (AngularMargin.multiplied margin) (this.ToClasses input)

        let ofClasses =
            input.OfBatch(this, "lengths", (fun whole -> this.LengthsOfClasses whole.Embeddings))

        ClassSoftmax.crossEntropy input (cosines * this.Lengths(input.Embeddings, ofClasses))

    /// Scaled inner products (N × numClasses), without a margin, to classify with.
    override this.GetLogits embeddings =
        base.GetLogits embeddings
        * this.Lengths(embeddings, this.LengthsOfClasses embeddings)
