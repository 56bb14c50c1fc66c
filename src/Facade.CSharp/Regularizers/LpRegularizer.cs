using MetricLearning.Core;
using MetricLearning.Core.Regularizers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Long rows cost: ‖x‖ₚ to a power.</summary>
/// <param name="p">The order of the norm.</param>
/// <param name="power">What the norm is raised to.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From one value a row to a scalar; null is the mean.</param>
/// <param name="distance">What rows are measured with.</param>
public sealed class LpRegularizer(
    double p = 2,
    double power = 1,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null
) : Regularizer(reducer, distance, new LpDistance(), collectStats, [])
{
    private readonly Lp options = new(p, power);

    /// <inheritdoc/>
    public override LossElements ComputeLoss(Tensor rows) => LpModule.elements(options, rows);
}
