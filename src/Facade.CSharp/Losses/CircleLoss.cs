using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Softplus of weighted positive and negative similarities of every anchor that has both. The distance must be
/// <see cref="CosineSimilarity"/>.</summary>
/// <param name="m">Relaxation: positives should reach 1 − m, negatives stay under m.</param>
/// <param name="gamma">Scale.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class CircleLoss(
    double m = 0.4,
    double gamma = 80,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        CircleModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly Circle options = new(m, gamma);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        CircleModule.elements(options, Distance, input);
}
