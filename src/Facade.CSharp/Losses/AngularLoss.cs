using MetricLearning.Core;

namespace MetricLearning;

/// <summary>log(1 + Σ exp(4 tan²α (a + p)·n − 2 (1 + tan²α) a·p)) for every positive pair, over all samples of other
/// classes than the anchor's. Negatives count as they are, without being normalised.</summary>
/// <param name="alpha">In degrees: the largest angle at the negative that costs little.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class AngularLoss(
    double alpha = 40,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        AngularModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly Angular options = new(alpha);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        AngularModule.elements(options, Distance, input);
}
