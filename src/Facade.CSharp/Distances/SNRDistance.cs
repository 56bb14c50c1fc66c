using MetricLearning.Core;
using MetricLearning.Core.Distances;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Var(x − y) / Var(x): how much of the anchor's signal is lost to noise.</summary>
/// <param name="normalizeEmbeddings">Whether rows are scaled to length 1 in the p-norm first.</param>
/// <param name="p">The order of the norm.</param>
/// <param name="power">What the result is raised to.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class SNRDistance(
    bool normalizeEmbeddings = true,
    double p = 2,
    double power = 1,
    bool? collectStats = null
) : Distance(normalizeEmbeddings, p, power, false, collectStats)
{
    /// <inheritdoc/>
    public override DistanceKind Kind => DistanceKind.SignalToNoise;

    /// <inheritdoc/>
    public override Tensor ComputeMatrix(Tensor query, Tensor reference) =>
        SignalToNoiseModule.matrix(query, reference);

    /// <inheritdoc/>
    public override Tensor PairwiseDistance(Tensor query, Tensor reference) =>
        SignalToNoiseModule.pairwise(query, reference);
}
