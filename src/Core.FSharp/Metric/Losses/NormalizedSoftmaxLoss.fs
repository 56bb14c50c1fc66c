namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Softmax cross entropy of similarities to class vectors of length 1 (Zhai & Wu 2018, "Classification is a strong baseline for
/// deep metric learning"). Distances count as negative similarities. Its parameter is `W` (embeddingSize × numClasses).
[<Sealed>]
type NormalizedSoftmaxLoss
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="temperature">Similarities are divided by it.</param>
    (numClasses: int, embeddingSize: int, [<Optional; DefaultParameterValue(0.05)>] temperature: float) =
    inherit
        WeightedLoss("NormalizedSoftmaxLoss", "W", numClasses, embeddingSize, true, distance = DotProductSimilarity())

    // Of length 1.
    member private this.Normal(embeddings: torch.Tensor) : torch.Tensor =
        let classes = this.ClassVectors embeddings

        if this.Distance.NormalizeEmbeddings && this.Distance.P = 2.0 then
            classes // the distance does it
        else
            torch.nn.functional.normalize (classes, 2.0, 1L)

    override _.AnchorsAreIndependent = true

    /// Similarities (N × numClasses) by the temperature, to classify with.
    override this.GetLogits embeddings =
        this.Distance.Matrix(embeddings, this.Normal embeddings)
        |> Similarity.scaled this.Distance (1.0 / temperature)

    override this.ComputeLoss input =
        this.WeightsFor input |> ignore

        InputDistances.withClasses this.Distance this.Normal input
        |> Similarity.scaled this.Distance (1.0 / temperature)
        |> ClassSoftmax.crossEntropy input
