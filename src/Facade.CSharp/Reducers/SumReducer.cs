using MetricLearning.Core;
using MetricLearning.Core.Reducers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The sum of all values.</summary>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class SumReducer(bool? collectStats = null) : Reducer(collectStats, [])
{
    /// <inheritdoc/>
    public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels) =>
        Sum.reduce(elements);
}
