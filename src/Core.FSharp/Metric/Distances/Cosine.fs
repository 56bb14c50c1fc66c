namespace MetricLearning.Core.Distances

open MetricLearning
open System
open MetricLearning.Core

/// Options of the cosine of the angle between x and y. Its embeddings are always normalised.
[<RequireQualifiedAccess>]
type Cosine =
    {
        /// Which norm embeddings are scaled by.
        P: double
        /// What similarities are raised to.
        Power: double
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// The dot product of normalised embeddings.
module Cosine =

    /// The plain cosine.
    let defaults: Cosine =
        {
            P = 2.0
            Power = 1.0
            CollectStats = Nullable()
        }

    /// The similarity with these options.
    let distance (options: Cosine) : Distance =
        { new Distance(true, options.P, options.Power, true, options.CollectStats) with
            override _.Kind = DistanceKind.Cosine
            override _.ComputeMatrix(query, reference) = DotProduct.matrix query reference
            override _.PairwiseDistance(query, reference) = DotProduct.pairwise query reference
        }
