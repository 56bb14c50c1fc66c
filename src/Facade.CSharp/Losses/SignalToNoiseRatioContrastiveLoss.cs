using MetricLearning.Core;

namespace MetricLearning;

/// <summary><see cref="ContrastiveLoss"/> on <see cref="SNRDistance"/>, the only distance it takes.</summary>
/// <param name="posMargin">Positive pairs nearer than this cost nothing.</param>
/// <param name="negMargin">Negative pairs farther than this cost nothing.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class SignalToNoiseRatioContrastiveLoss(
    double posMargin = 0,
    double negMargin = 1,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        SignalToNoiseRatioContrastive.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly Contrastive options = new(posMargin, negMargin);

    /// <inheritdoc/>
    public override string[] Parts => ContrastiveModule.parts;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        ContrastiveModule.elements(options, Distance, input);
}
