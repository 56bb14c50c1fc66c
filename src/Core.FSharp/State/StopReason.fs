namespace MetricLearning

/// The reason why training stopped.
type StopReason =
    /// The last epoch that was asked for is done.
    | Finished = 1
    /// The end-of-epoch hook returned false.
    | Hook = 2
    /// The cancellation token was cancelled.
    | Cancelled = 3
