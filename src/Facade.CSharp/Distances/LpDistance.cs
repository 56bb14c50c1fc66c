using MetricLearning.Core;
using MetricLearning.Core.Distances;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The p-norm of the difference; Euclidean on normalised embeddings unless told otherwise.</summary>
/// <param name="normalizeEmbeddings">Whether rows are scaled to length 1 in the p-norm first.</param>
/// <param name="p">The order of the norm.</param>
/// <param name="power">What the result is raised to.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class LpDistance(
    bool normalizeEmbeddings = true,
    double p = 2,
    double power = 1,
    bool? collectStats = null
) : Distance(normalizeEmbeddings, p, power, false, collectStats)
{
    /// <inheritdoc/>
    public override DistanceKind Kind => DistanceKind.Lp;

    /// <inheritdoc/>
    public override Tensor ComputeMatrix(Tensor query, Tensor reference) => LpModule.matrix(P, query, reference);

    /// <inheritdoc/>
    public override Tensor ComputePairs(Tensor query, Tensor reference) => LpModule.pairs(P, query, reference);

    /// <inheritdoc/>
    public override Tensor PairwiseDistance(Tensor query, Tensor reference) => LpModule.pairwise(P, query, reference);
}
