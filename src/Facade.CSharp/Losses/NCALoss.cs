using MetricLearning.Core;

namespace MetricLearning;

/// <summary>−log of the chance that a sample goes to one of its own class. NaN where no sample has one.</summary>
/// <param name="softmaxScale">What distances are multiplied by.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class NCALoss(
    double softmaxScale = 1,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        NCAModule.settings(new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats))
    )
{
    private readonly NCA options = new(softmaxScale);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        NCAModule.elements(options, Distance, input);
}
