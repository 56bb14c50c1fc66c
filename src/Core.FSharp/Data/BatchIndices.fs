namespace MetricLearning

open MetricLearning.Core

/// The indices of one batch, and the place in the order of data after it.
[<NoComparison>]
type BatchIndices =
    {
        /// The samples of the batch.
        Indices: int64[]
        /// The place once the batch is taken: after the last batch of a pass, the start of the next.
        After: Cursor
        /// True for the last batch of a pass.
        EndsPass: bool
    }
