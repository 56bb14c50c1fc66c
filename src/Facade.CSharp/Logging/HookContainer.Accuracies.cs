namespace MetricLearning;

// Accuracies that were recorded.
public sealed partial class HookContainer
{
    // The references of splits that were not evaluated in this process yet.
    private readonly Dictionary<string, IReadOnlyList<string>> announced = [];

    /// <summary>
    /// The recorded accuracies of a split, and their <c>epoch</c>, by name; empty when there are none. A name is a result&#39;s, such
    /// as <c>precision_at_1_level0</c>, or a metric&#39;s.
    /// </summary>
    /// <param name="tester">One with the options of the one that evaluated.</param>
    /// <param name="splitName">The split.</param>
    /// <param name="returnAllMetrics">Returns everything that is recorded.</param>
    /// <param name="metrics">The names; none: the primary metric.</param>
    /// <exception cref="ArgumentException">There is no accuracy of a name.</exception>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> GetAccuracyHistory(
        BaseTester tester,
        string splitName,
        bool returnAllMetrics = false,
        params string[] metrics
    )
    {
        var group = GroupOf(tester, splitName);
        return returnAllMetrics ? RecordKeeper.History(group) : AccuraciesBy(tester).History(group, metrics);
    }

    /// <summary>
    /// The epoch with the best primary metric of a split, the first of those that are equal; null when there is none. NaN is never
    /// the best.
    /// </summary>
    /// <param name="tester">One with the options of the one that evaluated.</param>
    /// <param name="splitName">The split.</param>
    /// <param name="ignoreEpoch">Epochs that do not count; null: -1, by convention that of networks before training.</param>
    public BestEpoch? GetBestEpochAndAccuracy(
        BaseTester tester,
        string splitName,
        IReadOnlyCollection<int>? ignoreEpoch = null
    ) => AccuraciesBy(tester).Best(GroupOf(tester, splitName), ignoreEpoch);

    /// <summary>All that is recorded of a split&#39;s best epoch, by name; empty when there is none.</summary>
    /// <param name="tester">One with the options of the one that evaluated.</param>
    /// <param name="splitName">The split.</param>
    /// <param name="ignoreEpoch">Epochs that do not count; null: -1.</param>
    public IReadOnlyDictionary<string, double> GetAccuraciesOfBestEpoch(
        BaseTester tester,
        string splitName,
        IReadOnlyCollection<int>? ignoreEpoch = null
    ) =>
        GetBestEpochAndAccuracy(tester, splitName, ignoreEpoch) is { } best
            ? GetAccuraciesOfEpoch(tester, splitName, best.Epoch)
            : new Dictionary<string, double>();

    /// <summary>All that is recorded of an epoch of a split, by name; empty when it was not evaluated.</summary>
    /// <param name="tester">One with the options of the one that evaluated.</param>
    /// <param name="splitName">The split.</param>
    /// <param name="epoch">The epoch.</param>
    public IReadOnlyDictionary<string, double> GetAccuraciesOfEpoch(BaseTester tester, string splitName, int epoch) =>
        AccuraciesBy(tester).OfEpoch(GroupOf(tester, splitName), epoch);

    private PlateauMode ModeBy(BaseTester tester) =>
        primaryMode ?? (tester.LossNames.Contains(primaryMetric) ? PlateauMode.Min : PlateauMode.Max);

    private AccuracyRecords AccuraciesBy(BaseTester tester)
    {
        ArgumentNullException.ThrowIfNull(tester);
        return new(RecordKeeper, primaryMetric, ModeBy(tester));
    }

    private string GroupOf(BaseTester tester, string splitName)
    {
        ArgumentNullException.ThrowIfNull(tester);
        ArgumentException.ThrowIfNullOrEmpty(splitName);
        var references =
            tester.ReferenceSplitNames.GetValueOrDefault(splitName) ?? announced.GetValueOrDefault(splitName);
        return tester.RecordGroupName(splitName, prefix, references);
    }

    private void CheckPrimaryMetric(BaseTester tester)
    {
        var metrics = tester.AccuracyCalculator.Metrics.Concat(tester.LossNames).ToArray();

        if (!metrics.Contains(primaryMetric))
        {
            throw new ArgumentException(
                $"The primary metric is {primaryMetric}, but the tester calculates {string.Join(", ", metrics)}: let its accuracy calculator include it, give the tester a loss of this name, or choose one of these as primaryMetric.",
                nameof(tester)
            );
        }
    }

    private void CheckValidationSplit(IReadOnlyCollection<string> evaluated)
    {
        if (!evaluated.Contains(validationSplitName))
        {
            throw new ArgumentException(
                $"The split {validationSplitName} decides which epoch is best, but {string.Join(", ", evaluated)} are evaluated: evaluate it, or name another one as validationSplitName."
            );
        }
    }
}
