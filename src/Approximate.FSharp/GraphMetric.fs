namespace MetricLearning

open System

/// A distance as USearch computes it, and back.
[<NoComparison; NoEquality>]
type internal GraphMetric =
    {
        /// USearch's number of the metric.
        Kind: int
        /// The library's distance, or similarity, from USearch's.
        ToDistance: float32 -> float
    }

module internal GraphMetric =

    let private innerProduct, private squares = 2, 3

    /// ArgumentException for a distance that a graph cannot be searched by.
    let ofDistance (distance: Distance) : GraphMetric =
        match distance.Kind with
        | DistanceKind.Cosine
        | DistanceKind.DotProduct when distance.NormalizeEmbeddings && distance.P = 2.0 && distance.Power = 1.0 ->
            {
                Kind = innerProduct
                ToDistance = fun found -> 1.0 - float found
            }
        | DistanceKind.Lp when distance.P = 2.0 && distance.Power > 0.0 ->
            {
                Kind = squares
                ToDistance = fun found -> Math.Pow(float found, distance.Power / 2.0)
            }
        | _ ->
            invalidArg
                (nameof distance)
                "An approximate search is by the cosine similarity or a Euclidean distance (LpDistance with p = 2): give one of these, or search exactly with ExactSearch."
