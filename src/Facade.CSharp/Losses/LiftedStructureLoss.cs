using MetricLearning.Core;

namespace MetricLearning;

/// <summary>½ [d(i,j) − posMargin + log Σ exp(negMargin − d(·,n))]₊² for every positive pair, over the negatives of
/// both its ends.</summary>
/// <param name="negMargin">What negative distances are taken from.</param>
/// <param name="posMargin">What is taken from positive distances.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class LiftedStructureLoss(
    double negMargin = 1,
    double posMargin = 0,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        LiftedStructureModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly LiftedStructure options = new(negMargin, posMargin);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        LiftedStructureModule.elements(options, Distance, input);
}
