namespace MetricLearning.Core

open MetricLearning

/// What a threshold is chosen for.
[<RequireQualifiedAccess>]
type CalibrationGoal =
    /// The most pairs told right.
    | Accuracy
    /// The largest harmonic mean of precision and recall: pairs that match, where they are few.
    | F1
    /// As many matches as possible, while at most this share (0 to 1) of the pairs that do not belong together match.
    | FalseAcceptRate of atMost: float

/// A threshold, and what it does to the pairs that it was chosen on.
type CalibratedThreshold =
    {
        /// Pairs at this distance or nearer match; of a similarity, at this one or more.
        Threshold: float
        /// The share of pairs that are told right.
        Accuracy: float
        /// Of the pairs that match, the share that belong together; 1 when none match.
        Precision: float
        /// Of the pairs that belong together, the share that match: the true accept rate.
        Recall: float
        /// The harmonic mean of precision and recall.
        F1: float
        /// Of the pairs that do not belong together, the share that match.
        FalseAcceptRate: float
        /// How many pairs belong together.
        Positives: int64
        /// How many do not.
        Negatives: int64
    }

    /// Of the pairs that belong together, the share that do not match.
    member calibrated.FalseRejectRate = 1.0 - calibrated.Recall
