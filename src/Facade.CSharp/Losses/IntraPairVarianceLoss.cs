using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Squares of how far similarities lie on the bad side of the mean of their kind.</summary>
/// <param name="posEps">How far below the mean positive similarity a positive pair may be, as a part of it.</param>
/// <param name="negEps">How far above the mean negative similarity a negative pair may be, as a part of it.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class IntraPairVarianceLoss(
    double posEps = 0.01,
    double negEps = 0.01,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        IntraPairVarianceModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly IntraPairVariance options = new(posEps, negEps);

    /// <inheritdoc/>
    public override string[] Parts => IntraPairVarianceModule.parts;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        IntraPairVarianceModule.elements(options, Distance, input);
}
