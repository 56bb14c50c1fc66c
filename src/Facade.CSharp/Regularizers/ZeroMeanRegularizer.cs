using MetricLearning.Core;
using MetricLearning.Core.Regularizers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Rows whose numbers do not add up to zero cost: |Σ x|.</summary>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From one value a row to a scalar; null is the mean.</param>
/// <param name="distance">What rows are measured with.</param>
public sealed class ZeroMeanRegularizer(bool? collectStats = null, Reducer? reducer = null, Distance? distance = null)
    : Regularizer(reducer, distance, new LpDistance(), collectStats, [])
{
    /// <inheritdoc/>
    public override LossElements ComputeLoss(Tensor rows) => ZeroMean.elements(rows);
}
