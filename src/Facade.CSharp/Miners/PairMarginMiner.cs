using MetricLearning.Core;

namespace MetricLearning;

/// <summary>The pairs that violate a margin of their kind. The defaults fit distances.</summary>
/// <param name="posMargin">Positive pairs farther apart than this are kept.</param>
/// <param name="negMargin">Negative pairs nearer than this are kept.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">What embeddings are compared with.</param>
public sealed class PairMarginMiner(
    double posMargin = 0.2,
    double negMargin = 0.8,
    bool? collectStats = null,
    Distance? distance = null
) : Miner(distance, Core.Miners.PairMarginModule.distance(), collectStats, Core.Miners.PairMarginModule.statistics)
{
    private readonly Core.Miners.PairMargin options = new(posMargin, negMargin, collectStats);

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.PairMarginModule.mine(options, Statistics, Distance, input);
}
