using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Triplets by the angle at the negative, between the middle of anchor and positive and one of them. Embeddings count as they are,
/// without being normalised.</summary>
/// <param name="angle">In degrees: triplets with a larger angle are kept.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">Only <see cref="LpDistance"/> as it is by default.</param>
public sealed class AngularMiner(double angle = 20, bool? collectStats = null, Distance? distance = null)
    : Miner(
        Core.Miners.AngularModule.check(distance),
        Core.Miners.AngularModule.distance(),
        collectStats,
        Core.Miners.AngularModule.statistics
    )
{
    private readonly Core.Miners.Angular options = new(angle, collectStats);

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.AngularModule.mine(options, Statistics, Distance, input);
}
