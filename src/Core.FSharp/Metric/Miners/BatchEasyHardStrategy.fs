namespace MetricLearning

/// The positive, or the negative, of an anchor that BatchEasyHardMiner chooses.
type BatchEasyHardStrategy =
    /// The farthest positive; the nearest negative.
    | Hard = 0
    /// The farthest positive of those nearer than the chosen negative; the nearest negative of those farther than the
    /// chosen positive.
    | Semihard = 1
    /// The nearest positive; the farthest negative.
    | Easy = 2
    /// All of them.
    | All = 3
