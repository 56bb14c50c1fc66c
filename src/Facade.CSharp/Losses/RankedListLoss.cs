using MetricLearning.Core;

namespace MetricLearning;

/// <summary>For every sample the weighted mean violation of two boundaries, of positives and of negatives. Made for
/// distances; takes no tuples.</summary>
/// <param name="margin">How far the boundary of positives lies before that of negatives.</param>
/// <param name="tn">How much nearer negatives count more; above 5 the nearest counts alone.</param>
/// <param name="imbalance">Which part of the loss is the negatives', 0 to 1.</param>
/// <param name="alpha">The boundary of negatives; null is 1 + margin / 2.</param>
/// <param name="tp">How much farther positives count more; above 5 the farthest counts alone.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class RankedListLoss(
    double margin,
    double tn,
    double imbalance = 0.5,
    double? alpha = null,
    double tp = 0,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        RankedListModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly RankedList options = RankedListModule.check(new(margin, tn, imbalance, alpha, tp));

    /// <inheritdoc/>
    public override bool TakesReferences => false;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        RankedListModule.elements(options, Distance, input);
}
