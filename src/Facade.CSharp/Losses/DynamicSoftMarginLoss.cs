using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>d(a,p) − d(a,n) of every triplet, times how rarely triplets are harder than that, by a running histogram that is
/// part of the loss's state. Without labels and tuples, row i of the batch and of the reference embeddings match. The
/// distance must be the default <see cref="LpDistance"/>.</summary>
public sealed class DynamicSoftMarginLoss : Loss
{
    private readonly DynamicSoftMargin options;

    /// <summary>The loss.</summary>
    /// <param name="minVal">Where the histogram begins; below 0. It goes as far beyond 0.</param>
    /// <param name="numBins">How many bins it has.</param>
    /// <param name="momentum">How much of the histogram each batch replaces.</param>
    /// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
    /// says.</param>
    /// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
    /// cref="Loss.Reducer"/>.</param>
    /// <param name="distance">What embeddings are compared with; null is the documented default.</param>
    /// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
    /// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
    public DynamicSoftMarginLoss(
        double minVal = -2,
        int numBins = 10,
        double momentum = 0.01,
        bool? collectStats = null,
        Reducer? reducer = null,
        Distance? distance = null,
        Regularizer? embeddingRegularizer = null,
        double embeddingRegWeight = 1
    )
        : base(
            DynamicSoftMarginModule.settings(
                new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
            )
        )
    {
        options = new(minVal, numBins, momentum);
        Remember(DynamicSoftMarginModule.buffer, DynamicSoftMarginModule.initial(options));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        DynamicSoftMarginModule.elements(options, Distance, Remembered(DynamicSoftMarginModule.buffer), input);
}
