using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The hardest part of the positive and of the negative pairs.</summary>
/// <param name="filterPercentage">Which part of the pairs of each kind to keep, 0 to 1.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="distance">What embeddings are compared with.</param>
public sealed class HDCMiner(double filterPercentage = 0.5, bool? collectStats = null, Distance? distance = null)
    : PoolMiner(distance, Core.Miners.HDCModule.distance(), collectStats, [])
{
    private readonly Core.Miners.HDC options = Core.Miners.HDCModule.check(new(filterPercentage));
    private (Tuples Tuples, Tensor Labels)? pool;

    /// <summary>Makes <see cref="Miner.Mine(Tensor, Tensor)"/> choose among these tuples until <see cref="ResetIdx"/>: for
    /// loops of your own. Trainers give their pool with <see cref="PoolMiner.MineWithin"/>.</summary>
    /// <param name="tuples">The tuples; <see cref="Tuples.All"/> is all pairs. Their vectors must live as long.</param>
    /// <param name="labels">The labels that all pairs are of.</param>
    public void SetIdxExternally(Tuples tuples, Tensor labels) => pool = (tuples, labels);

    /// <summary>Makes the miner choose among all pairs again.</summary>
    public void ResetIdx() => pool = null;

    /// <inheritdoc/>
    public override Tuples MineTuples(MetricInput input) =>
        Core.Miners.HDCModule.filter(options.FilterPercentage, Distance, PoolOf(input));

    private MetricInput PoolOf(MetricInput input)
    {
        if (pool is not { } set || !input.Tuples.IsAll)
            return input;
        var (a1, p, a2, n) = TuplesModule.toPairs(set.Labels, null, set.Tuples);
        return input.WithTuples(Tuples.NewPairs(a1, p, a2, n));
    }
}
