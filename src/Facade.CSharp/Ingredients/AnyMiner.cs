using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>A miner: a tuple miner of this library or of your own, or a function that chooses samples.</summary>
public sealed class AnyMiner
{
    internal MinerChoice Choice { get; }

    private AnyMiner(MinerChoice choice) => Choice = choice;

    /// <summary>A miner that chooses pairs or triplets.</summary>
    public static implicit operator AnyMiner(Miner miner) =>
        new(MinerChoice.NewTuples(miner ?? throw new ArgumentNullException(nameof(miner))));

    /// <summary>
    /// A function from embeddings (N, D) and labels (N) to a vector of the indices of the samples to train on.
    /// </summary>
    public static implicit operator AnyMiner(Func<Tensor, Tensor, Tensor> subset) =>
        new(MinerChoice.NewSubset(subset ?? throw new ArgumentNullException(nameof(subset))));
}
