namespace MetricLearning

open MetricLearning.Core
open System

/// What one batch takes from the order of data.
type BatchIndices =
    {
        /// The samples of the batch.
        Indices: int64[]
        /// Where the order stands once the batch is taken: after the last batch of a pass, at the start of the next.
        After: Cursor
        /// Whether this was the last batch of its pass.
        EndsPass: bool
    }

// The batch at a place of a pass; none beyond its end.
type internal PassReader = int64 -> int64[] voption

[<RequireQualifiedAccess>]
type internal OrderKind =
    // A pass is a function of seed and number.
    | Pure of read: (Seed -> int64 -> PassReader * IDisposable)
    // A pass is what enumerating the user's sequence gives, once.
    | Own of draw: (unit -> PassMemory) * reopen: (unit -> PassReader * IDisposable)
    // A pass depends on seed, number and the weights at its beginning; the state keeps it.
    | OfWeights of draw: (Seed -> int64 -> int64[])
