using MetricLearning.Core;
using MetricLearning.Core.Reducers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>A reducer for each part of a loss; the results are added.</summary>
/// <param name="reducers">By the name of the part: <c>pos_loss</c>, <c>neg_loss</c>, …</param>
/// <param name="defaultReducer">For parts that have none; null is the mean.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class MultipleReducers(
    IReadOnlyDictionary<string, Reducer> reducers,
    Reducer? defaultReducer = null,
    bool? collectStats = null
) : Reducer(collectStats, [])
{
    private readonly Reducer others = defaultReducer ?? new MeanReducer();

    /// <inheritdoc/>
    public override bool TakesAllParts => true;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Reducer> ByPart => reducers;

    /// <inheritdoc/>
    public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels) =>
        Reduce([elements], embeddings, labels);

    /// <inheritdoc/>
    public override Tensor Reduce(IReadOnlyList<LossElements> elements, Tensor embeddings, Tensor? labels) =>
        Multiple.reduce(reducers, others, elements, embeddings, labels);
}
