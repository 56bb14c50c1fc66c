using MetricLearning.Core;

namespace MetricLearning;

/// <summary>log(1 + Σ exp scale (cos θ⁻ − cos(θ⁺ − margin))) for every positive pair, over the negatives of its anchor. The
/// distance must be <see cref="CosineSimilarity"/>.</summary>
/// <param name="margin">By how many degrees a positive counts as nearer than it is.</param>
/// <param name="scale">Scale.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class TupletMarginLoss(
    double margin = 5.73,
    double scale = 64,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        TupletMarginModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly TupletMargin options = new(margin, scale);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        TupletMarginModule.elements(options, Distance, input);
}
