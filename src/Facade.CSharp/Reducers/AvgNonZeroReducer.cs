using MetricLearning.Core;
using MetricLearning.Core.Reducers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The mean of the values above 0; a zero loss where there is none.</summary>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class AvgNonZeroReducer(bool? collectStats = null) : Reducer(collectStats, ThresholdModule.statistics)
{
    /// <inheritdoc/>
    public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels) =>
        AvgNonZero.reduce(Statistics, elements);
}
