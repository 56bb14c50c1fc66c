using MetricLearning.Core;
using MetricLearning.Core.Reducers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The mean of all values, each multiplied by the weight of its anchor's class.</summary>
/// <param name="weights">One number a class. It stays the caller's.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class ClassWeightedReducer(Tensor weights, bool? collectStats = null) : Reducer(collectStats, [])
{
    /// <inheritdoc/>
    public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels) =>
        ClassWeighted.reduce(weights, embeddings, labels, elements);
}
