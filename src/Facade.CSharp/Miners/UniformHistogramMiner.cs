using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Random pairs whose distances are spread evenly: as many from every bin of a histogram, with
/// replacement.</summary>
/// <param name="numBins">How many bins the distances of a kind of pairs are parted into, between the smallest and the
/// largest.</param>
/// <param name="posPerBin">Positive pairs drawn from each bin that has any.</param>
/// <param name="negPerBin">Negative pairs drawn from each bin that has any.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">What embeddings are compared with.</param>
public sealed class UniformHistogramMiner(
    int numBins = 100,
    int posPerBin = 10,
    int negPerBin = 10,
    bool? collectStats = null,
    Distance? distance = null
) : Miner(distance, Core.Miners.UniformHistogramModule.distance(), collectStats, [])
{
    private readonly Core.Miners.UniformHistogram options = Core.Miners.UniformHistogramModule.check(
        new(numBins, posPerBin, negPerBin)
    );

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.UniformHistogramModule.mine(options, Distance, input);
}
