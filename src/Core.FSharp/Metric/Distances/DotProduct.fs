namespace MetricLearning.Core.Distances

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the similarity x · y.
[<RequireQualifiedAccess>]
type DotProduct =
    {
        /// Whether embeddings are scaled to length 1 first.
        NormalizeEmbeddings: bool
        /// Which norm embeddings are scaled by.
        P: double
        /// What similarities are raised to.
        Power: double
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// The dot product of embeddings, which are normalised unless told otherwise.
module DotProduct =

    /// Of embeddings scaled to length 1.
    let defaults: DotProduct =
        {
            NormalizeEmbeddings = true
            P = 2.0
            Power = 1.0
            CollectStats = Nullable()
        }

    /// xᵢ · yⱼ for all i, j.
    let matrix (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor = query.mm (reference.t ())

    /// xᵢ · yᵢ.
    let pairwise (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor = (query * reference).sum 1L

    /// The similarity with these options.
    let distance (options: DotProduct) : Distance =
        { new Distance(options.NormalizeEmbeddings, options.P, options.Power, true, options.CollectStats) with
            override _.Kind = DistanceKind.DotProduct
            override _.ComputeMatrix(query, reference) = matrix query reference
            override _.PairwiseDistance(query, reference) = pairwise query reference
        }
