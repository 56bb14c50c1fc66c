using MetricLearning.Core;
using MetricLearning.Core.Regularizers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Centres of one class that lie apart cost, so that a class does not have more than it needs: for the weights
/// of <see cref="SoftTripleLoss"/>. The distance must be <see cref="CosineSimilarity"/>.</summary>
/// <param name="numClasses">How many classes there are.</param>
/// <param name="centersPerClass">How many rows each has, side by side.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From one value a pair of centres to a scalar; null is the sum by twice the number of
/// pairs.</param>
/// <param name="distance">What rows are measured with.</param>
public sealed class SparseCentersRegularizer(
    int numClasses,
    int centersPerClass,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null
)
    : Regularizer(
        reducer ?? SparseCentersModule.reducer(),
        Checked(distance),
        SparseCentersModule.distance(),
        collectStats,
        SparseCentersModule.statistics
    )
{
    private readonly SparseCenters options = Checked(new SparseCenters(numClasses, centersPerClass));

    private static Distance? Checked(Distance? distance)
    {
        if (distance is not null)
            SparseCentersModule.check(distance);
        return distance;
    }

    private static SparseCenters Checked(SparseCenters options)
    {
        SparseCentersModule.checkOptions(options);
        return options;
    }

    /// <inheritdoc/>
    public override LossElements ComputeLoss(Tensor rows) =>
        SparseCentersModule.elements(options, Statistics, Distance, rows);
}
