using MetricLearning.Core;
using MetricLearning.Core.Regularizers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Class weights of unlike length cost. The distance must be an LpDistance that does not normalise, of power
/// 1.</summary>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From one value a row to a scalar; null is the mean.</param>
/// <param name="distance">What rows are measured with.</param>
public sealed class CenterInvariantRegularizer(
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null
) : Regularizer(reducer, Checked(distance), CenterInvariant.distance(), collectStats, [])
{
    private static Distance? Checked(Distance? distance)
    {
        if (distance is not null)
            CenterInvariant.check(distance);
        return distance;
    }

    /// <inheritdoc/>
    public override LossElements ComputeLoss(Tensor rows) => CenterInvariant.elements(Distance, rows);
}
