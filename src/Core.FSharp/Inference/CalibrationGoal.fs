namespace MetricLearning

open System

/// The aim that a threshold is chosen for.
[<NoComparison; RequireQualifiedAccess>]
type CalibrationGoal =
    internal
    | MostRight
    | BestF1
    | AtMost of float
    | PreciseBy of float
    | Recalling of float

    /// As many pairs as possible are classified correctly.
    static member Accuracy: CalibrationGoal = CalibrationGoal.MostRight

    /// The largest harmonic mean of precision and recall: for data with few matching pairs.
    static member F1: CalibrationGoal = CalibrationGoal.BestF1

    /// <summary>As many true matches as possible, while the false-accept rate stays within a limit.</summary>
    /// <param name="atMost">The largest share of non-matching pairs that may be accepted, from 0 to 1.</param>
    /// <exception cref="System.ArgumentException">It is outside of 0 to 1.</exception>
    static member FalseAcceptRate(atMost: float) : CalibrationGoal =
        if atMost >= 0.0 && atMost <= 1.0 then
            CalibrationGoal.AtMost atMost
        else
            raise (ArgumentException($"The false-accept rate must be from 0 to 1, not {atMost}.", nameof atMost))

    /// <summary>As many true matches as possible, while at least this share of what matches belongs together.</summary>
    /// <param name="atLeast">The smallest precision, above 0 and up to 1.</param>
    /// <exception cref="System.ArgumentException">It is outside of that. A precision that no threshold has is an <c>ArgumentException</c> of the
    /// calibration, which names the best there is.</exception>
    static member Precision(atLeast: float) : CalibrationGoal =
        if atLeast > 0.0 && atLeast <= 1.0 then
            CalibrationGoal.PreciseBy atLeast
        else
            raise (ArgumentException($"The precision must be above 0 and at most 1, not {atLeast}.", nameof atLeast))

    /// <summary>The largest precision, while at least this share of what belongs together matches.</summary>
    /// <param name="atLeast">The smallest recall, above 0 and up to 1. There is a threshold for each.</param>
    /// <exception cref="System.ArgumentException">It is outside of that.</exception>
    static member Recall(atLeast: float) : CalibrationGoal =
        if atLeast > 0.0 && atLeast <= 1.0 then
            CalibrationGoal.Recalling atLeast
        else
            raise (ArgumentException($"The recall must be above 0 and at most 1, not {atLeast}.", nameof atLeast))

    static member internal OrDefault(goal: CalibrationGoal | null) : CalibrationGoal =
        match goal with
        | null -> CalibrationGoal.MostRight
        | goal -> goal

/// A threshold, and its scores on the pairs that it was chosen by.
[<NoComparison>]
type CalibratedThreshold =
    {
        /// Pairs at this distance or nearer match; of a similarity, at this value or above.
        Threshold: float
        /// The share of pairs that are classified correctly.
        Accuracy: float
        /// The share of accepted pairs that belong together; 1 when none is accepted.
        Precision: float
        /// The share of pairs that belong together and are accepted: the true accept rate.
        Recall: float
        /// The harmonic mean of precision and recall.
        F1: float
        /// The share of pairs that do not belong together and are accepted.
        FalseAcceptRate: float
        /// The number of pairs that belong together.
        Positives: int64
        /// The number of pairs that do not.
        Negatives: int64
    }

    /// The share of pairs that belong together and are refused.
    member calibrated.FalseRejectRate = 1.0 - calibrated.Recall
