using MetricLearning.Core;

namespace MetricLearning;

/// <summary>For every anchor one positive and one negative, each hard, semihard or easy, or all of them.</summary>
/// <param name="posStrategy">Which positive.</param>
/// <param name="negStrategy">Which negative. Semihard goes with Hard and Easy only, and not on both sides.</param>
/// <param name="allowedPosRange">Positives at distances outside are passed over; null passes over none.</param>
/// <param name="allowedNegRange">Negatives at distances outside are passed over; null passes over none.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">What embeddings are compared with.</param>
public sealed class BatchEasyHardMiner(
    BatchEasyHardStrategy posStrategy = BatchEasyHardStrategy.Easy,
    BatchEasyHardStrategy negStrategy = BatchEasyHardStrategy.Semihard,
    (double Low, double High)? allowedPosRange = null,
    (double Low, double High)? allowedNegRange = null,
    bool? collectStats = null,
    Distance? distance = null
)
    : Miner(
        distance,
        Core.Miners.BatchEasyHardModule.distance(),
        collectStats,
        Core.Miners.BatchEasyHardModule.statistics
    )
{
    private readonly Core.Miners.BatchEasyHard options = Core.Miners.BatchEasyHardModule.check(
        new(
            (Core.Miners.BatchEasyHardStrategy)posStrategy,
            (Core.Miners.BatchEasyHardStrategy)negStrategy,
            BatchHardMiner.Range(allowedPosRange),
            BatchHardMiner.Range(allowedNegRange),
            collectStats
        )
    );

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.BatchEasyHardModule.mine(options, Statistics, Distance, input);
}
