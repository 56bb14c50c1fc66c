using MetricLearning.Core;
using MetricLearning.Core.Reducers;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The mean of the values strictly between two bounds, of which at least one is given; a zero loss where there
/// is none.</summary>
/// <param name="low">Values up to this are left out; null leaves none out.</param>
/// <param name="high">Values from this on are left out; null leaves none out.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
public sealed class ThresholdReducer(double? low = null, double? high = null, bool? collectStats = null)
    : Reducer(collectStats, Names(low, high))
{
    private static string[] Names(double? low, double? high)
    {
        ThresholdModule.check(low, high);
        return ThresholdModule.statistics;
    }

    /// <inheritdoc/>
    public override Tensor ReduceElements(LossElements elements, Tensor embeddings, Tensor? labels) =>
        ThresholdModule.reduce(low, high, Statistics, elements);
}
