using MetricLearning.Core;

namespace MetricLearning;

/// <summary>How probable it is that a random negative pair is more similar than a random positive pair, from histograms of
/// similarities.</summary>
/// <param name="nBins">How many bins similarities from −1 to 1 are parted into; null is as many as are delta wide, or 100.</param>
/// <param name="delta">How wide a bin is; null is 2 / nBins.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class HistogramLoss(
    int? nBins = null,
    double? delta = null,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        HistogramModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly Histogram options = HistogramModule.check(new(nBins, delta));

    /// <inheritdoc/>
    public override bool TakesReferences => false;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        HistogramModule.elements(options, Distance, input);
}
