namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Var(x − y) / Var(x), the share of the anchor's signal that is noise (Yuan et al. 2019, "Signal-to-noise ratio: a robust
/// distance metric for deep metric learning"). Not symmetric; variances are unbiased, along the features.
[<Sealed>]
type SNRDistance
    /// <param name="normalizeEmbeddings">Scales embeddings to length 1 in the p-norm first.</param>
    /// <param name="p">Order of the norm that embeddings are scaled by.</param>
    /// <param name="power">Exponent of the distances.</param>
    (
        [<Optional; DefaultParameterValue(true)>] normalizeEmbeddings: bool,
        [<Optional; DefaultParameterValue(2.0)>] p: double,
        [<Optional; DefaultParameterValue(1.0)>] power: double
    ) =
    inherit Distance("SNRDistance", false, normalizeEmbeddings, p, power)

    override _.Kind = DistanceKind.SignalToNoise

    /// Var(x) + Var(y) − 2 Cov(x, y) needs no (Nq × Nr × D) differences.
    override _.ComputeMatrix(query, reference) =
        let centred (embeddings: torch.Tensor) =
            embeddings - embeddings.mean ([| 1L |], true)

        let variance (embeddings: torch.Tensor) = embeddings.var (1L, true, true)
        let freedom = double (query.size 1 - 1L)
        let covariance = (centred query).mm((centred reference).t()) .* (2.0 / freedom)
        let signal = variance query
        // Rounding may leave equal rows a little below 0.
        let noise =
            (signal .+. (variance reference).t() - covariance).clamp_min(Numeric.scalar 0.0)

        noise / signal

    override _.PairwiseDistance(query, reference) =
        (query - reference).var 1L / query.var 1L
