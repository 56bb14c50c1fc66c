namespace MetricLearning

open System

/// Another process failed, so that this one stopped where that one did.
[<Sealed>]
type ProcessException internal (rank: int, count: int, reason: string) =
    inherit InvalidOperationException($"Process {rank + 1} of {count} failed: {reason}")

    /// The rank of the process that failed, from 0.
    member _.Rank = rank
