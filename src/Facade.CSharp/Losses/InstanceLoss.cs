using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Cross entropy of each sample's similarity to the samples of the batch; the right one is that at the rank of
/// its label. Takes no tuples.</summary>
/// <param name="gamma">What similarities are multiplied by.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class InstanceLoss(
    double gamma = 64,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        InstanceModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly Instance options = new(gamma);

    /// <inheritdoc/>
    public override bool TakesReferences => false;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        InstanceModule.elements(options, Distance, input);
}
