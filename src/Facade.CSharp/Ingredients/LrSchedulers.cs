namespace MetricLearning;

/// <summary>Learning-rate schedules, TorchSharp&#39;s or this library&#39;s: <c>NAME_scheduler_by_iteration</c>, <c>NAME_scheduler_by_epoch</c>, <c>NAME_scheduler_by_plateau</c>.</summary>
public sealed class LrSchedulers : Entries<AnySchedule>
{
    /// <summary>No entries yet.</summary>
    public LrSchedulers() { }

    /// <summary>The entries of another dictionary.</summary>
    public LrSchedulers(IEnumerable<KeyValuePair<string, AnySchedule>> entries)
        : base(entries) { }

    /// <summary>The trunk&#39;s schedule that moves after every iteration (key <c>trunk_scheduler_by_iteration</c>); null when there is none.</summary>
    public AnySchedule? TrunkByIteration
    {
        get => Find("trunk_scheduler_by_iteration");
        set => Put("trunk_scheduler_by_iteration", value);
    }

    /// <summary>The trunk&#39;s schedule that moves after every epoch (key <c>trunk_scheduler_by_epoch</c>); null when there is none.</summary>
    public AnySchedule? TrunkByEpoch
    {
        get => Find("trunk_scheduler_by_epoch");
        set => Put("trunk_scheduler_by_epoch", value);
    }

    /// <summary>The trunk&#39;s schedule that moves by scores (key <c>trunk_scheduler_by_plateau</c>); null when there is none.</summary>
    public AnySchedule? TrunkByPlateau
    {
        get => Find("trunk_scheduler_by_plateau");
        set => Put("trunk_scheduler_by_plateau", value);
    }

    /// <summary>The embedder&#39;s schedule that moves after every iteration (key <c>embedder_scheduler_by_iteration</c>); null when there is none.</summary>
    public AnySchedule? EmbedderByIteration
    {
        get => Find("embedder_scheduler_by_iteration");
        set => Put("embedder_scheduler_by_iteration", value);
    }

    /// <summary>The embedder&#39;s schedule that moves after every epoch (key <c>embedder_scheduler_by_epoch</c>); null when there is none.</summary>
    public AnySchedule? EmbedderByEpoch
    {
        get => Find("embedder_scheduler_by_epoch");
        set => Put("embedder_scheduler_by_epoch", value);
    }

    /// <summary>The embedder&#39;s schedule that moves by scores (key <c>embedder_scheduler_by_plateau</c>); null when there is none.</summary>
    public AnySchedule? EmbedderByPlateau
    {
        get => Find("embedder_scheduler_by_plateau");
        set => Put("embedder_scheduler_by_plateau", value);
    }
}
