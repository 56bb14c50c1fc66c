namespace MetricLearning

/// The formula of a distance. Losses that are defined for one formula only check it; a distance of your own is `Other`.
type DistanceKind =
    /// A formula of your own.
    | Other = 0
    /// The norm of the difference.
    | Lp = 1
    /// The cosine of the angle.
    | Cosine = 2
    /// The inner product.
    | DotProduct = 3
    /// The variance of the difference divided by the variance of the anchor.
    | SignalToNoise = 4
