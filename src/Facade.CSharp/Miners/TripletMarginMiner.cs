using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Triplets by how far the negative is beyond the positive.</summary>
/// <param name="margin">The largest difference that still counts as a violation.</param>
/// <param name="typeOfTriplets">Which triplets to keep.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">What embeddings are compared with.</param>
public sealed class TripletMarginMiner(
    double margin = 0.2,
    TypeOfTriplets typeOfTriplets = TypeOfTriplets.All,
    bool? collectStats = null,
    Distance? distance = null
)
    : Miner(
        distance,
        Core.Miners.TripletMarginModule.distance(),
        collectStats,
        Core.Miners.TripletMarginModule.statistics
    )
{
    private readonly Core.Miners.TripletMargin options = new(
        margin,
        (Core.Miners.TypeOfTriplets)typeOfTriplets,
        collectStats
    );

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.TripletMarginModule.mine(options, Statistics, Distance, input);
}
