using MetricLearning.Core;

namespace MetricLearning;

/// <summary>For every anchor the farthest positive and the nearest negative.</summary>
/// <param name="allowedPosRange">Positives at distances outside are passed over; null passes over none.</param>
/// <param name="allowedNegRange">Negatives at distances outside are passed over; null passes over none.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">What embeddings are compared with.</param>
public sealed class BatchHardMiner(
    (double Low, double High)? allowedPosRange = null,
    (double Low, double High)? allowedNegRange = null,
    bool? collectStats = null,
    Distance? distance = null
) : Miner(distance, Core.Miners.BatchHardModule.distance(), collectStats, Core.Miners.BatchHardModule.statistics)
{
    private readonly Core.Miners.BatchHard options = new(Range(allowedPosRange), Range(allowedNegRange), collectStats);

    internal static Core.Miners.DistanceRange? Range((double Low, double High)? range) =>
        range is { } given ? new Core.Miners.DistanceRange(given.Low, given.High) : null;

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.BatchHardModule.mine(options, Statistics, Distance, input);
}
