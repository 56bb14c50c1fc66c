namespace MetricLearning.Core.Distances

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the distance ‖x − y‖ₚ, raised to `Power`.
[<RequireQualifiedAccess>]
type Lp =
    {
        /// Whether embeddings are scaled to length 1 first.
        NormalizeEmbeddings: bool
        /// Which norm; also of the lengths that embeddings are scaled by.
        P: double
        /// What distances are raised to.
        Power: double
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// The p-norm of the difference; Euclidean on normalised embeddings unless told otherwise.
module Lp =

    /// Euclidean, on embeddings scaled to length 1.
    let defaults: Lp =
        {
            NormalizeEmbeddings = true
            P = 2.0
            Power = 1.0
            CollectStats = Nullable()
        }

    /// ‖xᵢ − yⱼ‖ₚ for all i, j. 16-bit embeddings are compared in 32 bits.
    let matrix (p: double) (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor =
        if Numeric.isHalf query.dtype then
            torch.cdist(query.``float`` (), reference.``float`` (), p).to_type query.dtype
        else
            torch.cdist (query, reference, p)

    /// ‖xᵢ − yᵢ‖ₚ. 16-bit embeddings are compared in 32 bits.
    let pairs (p: double) (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor =
        let norm (difference: torch.Tensor) =
            torch.linalg.vector_norm (difference, p, [| 1L |])

        if Numeric.isHalf query.dtype then
            norm(query.``float`` () - reference.``float`` ()).to_type query.dtype
        else
            norm (query - reference)

    /// ‖xᵢ − yᵢ + 1e-6‖ₚ; the small number keeps the gradient of equal rows finite.
    let pairwise (p: double) (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor =
        torch.nn.functional.pairwise_distance (query, reference, p)

    /// The distance with these options.
    let distance (options: Lp) : Distance =
        { new Distance(options.NormalizeEmbeddings, options.P, options.Power, false, options.CollectStats) with
            override _.Kind = DistanceKind.Lp
            override _.ComputeMatrix(query, reference) = matrix options.P query reference
            override _.ComputePairs(query, reference) = pairs options.P query reference
            override _.PairwiseDistance(query, reference) = pairwise options.P query reference
        }
