using MetricLearning.Core;
using MetricLearning.Core.Reducers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Leaves the values of a loss as they are: the loss returns one value an element. With their indices they are
/// in what
/// <see cref="Loss.ComputeLoss"/> returns.</summary>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class DoNothingReducer(bool? collectStats = null) : Reducer(collectStats, [])
{
    /// <inheritdoc/>
    public override bool TakesAllParts => true;

    /// <inheritdoc/>
    public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels) =>
        DoNothing.reduce([elements]);

    /// <inheritdoc/>
    public override Tensor Reduce(IReadOnlyList<LossElements> elements, Tensor embeddings, Tensor? labels) =>
        DoNothing.reduce(elements);
}
