using MetricLearning.Core;

namespace MetricLearning;

/// <summary>Cross entropy of each anchor's similarity to the positives of all anchors. Of every class the first positive
/// pair takes part.</summary>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class NPairsLoss(
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
) : Loss(NPairs.settings(new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)))
{
    /// <inheritdoc/>
    public override bool TakesReferences => false;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) => NPairs.elements(Distance, input);
}
