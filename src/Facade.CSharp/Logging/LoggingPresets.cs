using MetricLearning.Core.Records;

namespace MetricLearning;

/// <summary>Records and hooks for the usual training run.</summary>
public static class LoggingPresets
{
    /// <summary>
    /// Records in files: <c>logs.db</c> (SQLite) and a CSV file for each group, and more where asked for. The folder of an
    /// interrupted run goes on without duplicates. Dispose the keeper after training.
    /// </summary>
    /// <param name="csvFolder">The folder of this run; made if it is missing.</param>
    /// <param name="tensorboardFolder">Where TensorBoard&#39;s event files go; null for none.</param>
    /// <param name="globalDbPath">A database of many runs that gets the same records; null for none.</param>
    /// <param name="experimentName">What this run is called there.</param>
    /// <param name="isNewExperiment">Whether a new folder is a new experiment, even if there is one of that name; else it goes on
    /// with that one. A folder that has records always goes on.</param>
    /// <param name="saveLists">Whether vectors are kept, as text.</param>
    /// <exception cref="ArgumentException">There is a <paramref name="globalDbPath"/>, and no
    /// <paramref name="experimentName"/>.</exception>
    /// <exception cref="IOException">A file in the way is something else, or cannot be written.</exception>
    public static RecordKeeper GetRecordKeeper(
        string csvFolder,
        string? tensorboardFolder = null,
        string? globalDbPath = null,
        string? experimentName = null,
        bool isNewExperiment = true,
        bool saveLists = false
    ) => RecordKeeper.InFolder(csvFolder, tensorboardFolder, globalDbPath, experimentName, isNewExperiment, saveLists);

    /// <summary>The hooks that fill a record keeper.</summary>
    /// <param name="recordKeeper">Where records go.</param>
    /// <param name="recordGroupNamePrefix">What the names of accuracy groups begin with; null for nothing.</param>
    /// <param name="primaryMetric">The accuracy that decides which epoch is best.</param>
    /// <param name="validationSplitName">The split that decides it.</param>
    /// <param name="saveModels">Whether networks and losses are saved after evaluations.</param>
    /// <param name="logFreq">Every how many iterations of an epoch, from its first, are recorded.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="logFreq"/> is below 1.</exception>
    public static HookContainer GetHookContainer(
        RecordKeeper recordKeeper,
        string? recordGroupNamePrefix = null,
        string primaryMetric = "mean_average_precision_at_r",
        string validationSplitName = "val",
        bool saveModels = true,
        int logFreq = 50
    ) => new(recordKeeper, recordGroupNamePrefix, primaryMetric, validationSplitName, saveModels, logFreq);
}
