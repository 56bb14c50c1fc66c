using MetricLearning.Core;
using MetricLearning.Core.Distances;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The dot product of embeddings scaled to length 1.</summary>
/// <param name="p">The order of the norm that scales.</param>
/// <param name="power">What the result is raised to.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class CosineSimilarity(double p = 2, double power = 1, bool? collectStats = null)
    : Distance(true, p, power, true, collectStats)
{
    /// <inheritdoc/>
    public override DistanceKind Kind => DistanceKind.Cosine;

    /// <inheritdoc/>
    public override Tensor ComputeMatrix(Tensor query, Tensor reference) => DotProductModule.matrix(query, reference);

    /// <inheritdoc/>
    public override Tensor PairwiseDistance(Tensor query, Tensor reference) =>
        DotProductModule.pairwise(query, reference);
}
