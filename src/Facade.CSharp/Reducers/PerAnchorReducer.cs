using MetricLearning.Core;
using MetricLearning.Core.Reducers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The pairs of one anchor become one value first; another reducer takes those.</summary>
/// <param name="reducer">Takes one value an anchor; null is the mean.</param>
/// <param name="aggregationFunc">From losses (anchors × others, 0 where there is no pair) and the number of pairs of
/// each anchor to one value an anchor; null is the mean.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class PerAnchorReducer(
    Reducer? reducer = null,
    Func<Tensor, Tensor, Tensor>? aggregationFunc = null,
    bool? collectStats = null
) : Reducer(collectStats, [])
{
    private readonly Reducer inner = reducer ?? new MeanReducer();
    private readonly Func<Tensor, Tensor, Tensor> aggregate = aggregationFunc ?? PerAnchor.rowMean;

    /// <inheritdoc/>
    public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels) =>
        PerAnchor.reduce(inner, aggregate, embeddings, labels, elements);
}
