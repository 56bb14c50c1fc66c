namespace MetricLearning.Core.Distances

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the signal-to-noise distance.
[<RequireQualifiedAccess>]
type SignalToNoise =
    {
        /// Whether embeddings are scaled to length 1 first.
        NormalizeEmbeddings: bool
        /// Which norm embeddings are scaled by.
        P: double
        /// What distances are raised to.
        Power: double
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// Var(x − y) / Var(x): how much of the anchor's signal is lost to noise (Yuan et al. 2019, "Signal-to-noise ratio: a
/// robust distance metric for deep metric learning"). Not symmetric. Variances are unbiased, along the features.
module SignalToNoise =

    /// On embeddings scaled to length 1.
    let defaults: SignalToNoise =
        {
            NormalizeEmbeddings = true
            P = 2.0
            Power = 1.0
            CollectStats = Nullable()
        }

    /// Var(xᵢ − yⱼ) / Var(xᵢ) for all i, j: Var(x) + Var(y) − 2 Cov(x, y) needs no (Nq × Nr × D) differences.
    let matrix (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor =
        let centred (embeddings: torch.Tensor) =
            embeddings - embeddings.mean ([| 1L |], true)

        let variance (embeddings: torch.Tensor) = embeddings.var (1L, true, true)
        let freedom = double (query.size 1 - 1L)
        let covariance = (centred query).mm((centred reference).t()) * (2.0 / freedom)
        let signal = variance query
        // Rounding may leave equal rows a little below 0.
        let noise =
            (signal + (variance reference).t() - covariance).clamp_min(Numeric.scalar 0.0)

        noise / signal

    /// Var(xᵢ − yᵢ) / Var(xᵢ).
    let pairwise (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor =
        (query - reference).var 1L / query.var 1L

    /// The distance with these options.
    let distance (options: SignalToNoise) : Distance =
        { new Distance(options.NormalizeEmbeddings, options.P, options.Power, false, options.CollectStats) with
            override _.Kind = DistanceKind.SignalToNoise
            override _.ComputeMatrix(query, reference) = matrix query reference
            override _.PairwiseDistance(query, reference) = pairwise query reference
        }
