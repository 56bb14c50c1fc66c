using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Positive pairs that are less similar than the anchor's most similar negative, negative pairs that are more
/// similar than its least
/// similar positive.</summary>
/// <param name="epsilon">How much easier than that a pair may be.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">What embeddings are compared with.</param>
public sealed class MultiSimilarityMiner(double epsilon = 0.1, bool? collectStats = null, Distance? distance = null)
    : Miner(distance, Core.Miners.MultiSimilarityModule.distance(), collectStats, [])
{
    private readonly Core.Miners.MultiSimilarity options = new(epsilon);

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.MultiSimilarityModule.mine(options, Distance, input);
}
