using MetricLearning.Core;

namespace MetricLearning;

/// <summary>(1/α) log(1 + Σ exp α(λ − s⁺)) + (1/β) log(1 + Σ exp β(s⁻ − λ)) for every anchor.</summary>
/// <param name="alpha">Sharpness for positive pairs.</param>
/// <param name="beta">Sharpness for negative pairs.</param>
/// <param name="base">The similarity λ that separates them.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class MultiSimilarityLoss(
    double alpha = 2,
    double beta = 50,
    double @base = 0.5,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        MultiSimilarityModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly MultiSimilarity options = new(alpha, beta, @base);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        MultiSimilarityModule.elements(options, Distance, input);
}
