namespace MetricLearning

open System.Runtime.InteropServices

/// NCA to one learned proxy of each class instead of to other samples (Movshovitz-Attias et al. 2017, "No fuss distance metric
/// learning using proxies"): with one candidate of its class, a sample's NCA is the cross entropy of −κ d(i,c). Its parameter is
/// `proxies` (numClasses × embeddingSize).
[<Sealed>]
type ProxyNCALoss
    /// <param name="numClasses">Number of classes: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">Dimension of the embeddings.</param>
    /// <param name="softmaxScale">Scale κ of the distances.</param>
    (numClasses: int, embeddingSize: int, [<Optional; DefaultParameterValue(1.0)>] softmaxScale: float) =
    inherit
        WeightedLoss("ProxyNCALoss", "proxies", numClasses, embeddingSize, false, distance = LpDistance(power = 2.0))

    override _.AnchorsAreIndependent = true

    override this.ComputeLoss input =
        this.ToClasses input
        |> Similarity.scaled this.Distance softmaxScale
        |> ClassSoftmax.weightedCrossEntropy (input.AnchorWeights()) input
