namespace MetricLearning;

/// <summary>What a threshold is chosen for.</summary>
public sealed class CalibrationGoal
{
    internal Core.CalibrationGoal Value { get; }

    private CalibrationGoal(Core.CalibrationGoal value) => Value = value;

    /// <summary>The most pairs told right.</summary>
    public static CalibrationGoal Accuracy { get; } = new(Core.CalibrationGoal.Accuracy);

    /// <summary>The largest harmonic mean of precision and recall: where pairs that belong together are few.</summary>
    public static CalibrationGoal F1 { get; } = new(Core.CalibrationGoal.F1);

    /// <summary>
    /// As many matches as possible, while at most this share of the pairs that do not belong together match.
    /// </summary>
    /// <param name="atMost">From 0 to 1.</param>
    /// <exception cref="ArgumentException">It is outside of 0 to 1.</exception>
    public static CalibrationGoal FalseAcceptRate(double atMost) =>
        atMost is >= 0 and <= 1
            ? new(Core.CalibrationGoal.NewFalseAcceptRate(atMost))
            : throw new ArgumentException($"The false-accept rate must be from 0 to 1, not {atMost}.", nameof(atMost));
}
