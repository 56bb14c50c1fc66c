namespace MetricLearning;

/// <summary>The miners of a trainer.</summary>
public sealed class MiningFuncs : Entries<AnyMiner>
{
    /// <summary>No entries yet.</summary>
    public MiningFuncs() { }

    /// <summary>The entries of another dictionary.</summary>
    public MiningFuncs(IEnumerable<KeyValuePair<string, AnyMiner>> entries)
        : base(entries) { }

    /// <summary>Chooses the samples of a batch to train on (key <c>subset_batch_miner</c>); null when there is none.</summary>
    public AnyMiner? SubsetBatchMiner
    {
        get => Find("subset_batch_miner");
        set => Put("subset_batch_miner", value);
    }

    /// <summary>Chooses the pairs or triplets to train on (key <c>tuple_miner</c>); null when there is none.</summary>
    public AnyMiner? TupleMiner
    {
        get => Find("tuple_miner");
        set => Put("tuple_miner", value);
    }
}
