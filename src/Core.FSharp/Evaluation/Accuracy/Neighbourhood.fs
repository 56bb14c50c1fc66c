namespace MetricLearning

open MetricLearning.Core

/// How many neighbours are asked for.
[<RequireQualifiedAccess>]
type NeighbourCount =
    /// Every reference: what null means in a calculator.
    | All
    /// The most that any query could match.
    | MaxBinCount
    /// So many, or all if there are fewer.
    | AtMost of int64

/// How many of them a metric looks at.
[<RequireQualifiedAccess>]
type Neighbourhood =
    /// All that the calculator's k gives.
    | Given
    /// Those that the calculator's k gives, but none beyond rank R, the number of references that could match.
    | UpToR
    /// So many, whatever the calculator's k is.
    | Exactly of int64
