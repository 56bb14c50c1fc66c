using MetricLearning.Core;
using MetricLearning.Core.Regularizers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Class weights close to another class's cost. The distance must be a similarity.</summary>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From one value a row to a scalar; null is the mean.</param>
/// <param name="distance">What rows are measured with.</param>
public sealed class RegularFaceRegularizer(
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null
) : Regularizer(reducer, Checked(distance), RegularFace.distance(), collectStats, [])
{
    private static Distance? Checked(Distance? distance)
    {
        if (distance is not null)
            RegularFace.check(distance);
        return distance;
    }

    /// <inheritdoc/>
    public override LossElements ComputeLoss(Tensor rows) => RegularFace.elements(Distance, rows);
}
