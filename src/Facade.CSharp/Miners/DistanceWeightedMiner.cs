using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Random triplets whose negatives are spread evenly over distances.</summary>
/// <param name="cutoff">Nearer negatives count as if they were this far away.</param>
/// <param name="nonzeroLossCutoff">Negatives at least this far away are never chosen.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">Only <see cref="LpDistance"/> as it is by default.</param>
public sealed class DistanceWeightedMiner(
    double cutoff = 0.5,
    double nonzeroLossCutoff = 1.4,
    bool? collectStats = null,
    Distance? distance = null
)
    : Miner(
        Core.Miners.DistanceWeightedModule.check(distance),
        Core.Miners.DistanceWeightedModule.distance(),
        collectStats,
        []
    )
{
    private readonly Core.Miners.DistanceWeighted options = new(cutoff, nonzeroLossCutoff);

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.DistanceWeightedModule.mine(options, Distance, input);
}
