using MetricLearning.Core;

namespace MetricLearning;

/// <summary>For batches that are triplets already: anchor, positive, negative, anchor, positive, negative, … The batch
/// size must be a multiple of 3; labels are not looked at.</summary>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">What embeddings are compared with.</param>
public sealed class EmbeddingsAlreadyPackagedAsTriplets(bool? collectStats = null, Distance? distance = null)
    : Miner(distance, new LpDistance(), collectStats, [])
{
    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) => Core.Miners.PackagedTriplets.mine(input);
}
