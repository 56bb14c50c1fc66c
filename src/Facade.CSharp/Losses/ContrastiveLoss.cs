using MetricLearning.Core;

namespace MetricLearning;

/// <summary>[d(a,p) − posMargin]₊ for positive pairs plus [negMargin − d(a,n)]₊ for negative pairs. The defaults fit
/// distances; for similarities
/// 1 and 0 make sense.</summary>
/// <param name="posMargin">Positive pairs nearer than this cost nothing.</param>
/// <param name="negMargin">Negative pairs farther than this cost nothing.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class ContrastiveLoss(
    double posMargin = 0,
    double negMargin = 1,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        ContrastiveModule.settings(
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
