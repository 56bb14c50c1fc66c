namespace MetricLearning;

/// <summary>Records and hooks for the usual training run.</summary>
public static class LoggingPresets
{
    /// <inheritdoc cref="RecordKeeper.InFolder"/>
    public static RecordKeeper GetRecordKeeper(
        string csvFolder,
        string? tensorboardFolder = null,
        string? globalDbPath = null,
        string? experimentName = null,
        bool isNewExperiment = true,
        bool saveLists = false
    ) => RecordKeeper.InFolder(csvFolder, tensorboardFolder, globalDbPath, experimentName, isNewExperiment, saveLists);

    /// <inheritdoc cref="HookContainer(RecordKeeper, string?, string, string, bool, int, PlateauMode?)"/>
    public static HookContainer GetHookContainer(
        RecordKeeper recordKeeper,
        string? recordGroupNamePrefix = null,
        string primaryMetric = "mean_average_precision_at_r",
        string validationSplitName = "val",
        bool saveModels = true,
        int logFreq = 50,
        PlateauMode? primaryMode = null
    ) => new(recordKeeper, recordGroupNamePrefix, primaryMetric, validationSplitName, saveModels, logFreq, primaryMode);
}
