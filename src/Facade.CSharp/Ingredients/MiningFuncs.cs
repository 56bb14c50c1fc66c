using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>
/// The miners of a trainer by their documented keys. A value is a <see cref="Miner"/>, which chooses pairs or triplets,
/// or, under <c>subset_batch_miner</c>, a function that chooses samples.
/// </summary>
public sealed class MiningFuncs : Entries<object>
{
    /// <summary>No entries yet.</summary>
    public MiningFuncs() { }

    /// <summary>The entries of another dictionary.</summary>
    public MiningFuncs(IEnumerable<KeyValuePair<string, object>> entries)
        : base(entries) { }

    /// <summary>
    /// Chooses the samples of a batch to train on (key <c>subset_batch_miner</c>): from embeddings (N, D), computed in
    /// evaluation mode, and labels (N) to a vector of int64 indices; null when there is none.
    /// </summary>
    public Func<Tensor, Tensor, Tensor>? SubsetBatchMiner
    {
        get => Find("subset_batch_miner") as Func<Tensor, Tensor, Tensor>;
        set => Put("subset_batch_miner", value);
    }

    /// <summary>Chooses the pairs or triplets to train on (key <c>tuple_miner</c>); null when there is none.</summary>
    public Miner? TupleMiner
    {
        get => Find("tuple_miner") as Miner;
        set => Put("tuple_miner", value);
    }

    /// <summary>
    /// Chooses the triplets of the trunk&#39;s outputs that the generator is given, instead of chance (key
    /// <c>g_triplet_miner</c>); null when there is none.
    /// </summary>
    public Miner? GTripletMiner
    {
        get => Find("g_triplet_miner") as Miner;
        set => Put("g_triplet_miner", value);
    }
}
