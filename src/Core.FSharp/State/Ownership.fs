namespace MetricLearning.Core

/// The right of an iteration to the vectors of the state it starts from.
[<RequireQualifiedAccess>]
type Ownership =
    /// The state stays as it is: the iteration writes into copies.
    | Borrowed
    /// The state is used up: vectors that nobody else holds are written in place.
    | Given
