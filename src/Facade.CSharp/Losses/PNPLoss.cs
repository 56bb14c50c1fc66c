using MetricLearning.Core;

namespace MetricLearning;

/// <summary>A penalty on how many negatives lie before each positive of an anchor. Takes no tuples. The distance must be
/// <see cref="CosineSimilarity"/>.</summary>
/// <param name="b">The bend of variant <see cref="PNPVariant.Ib"/>.</param>
/// <param name="alpha">The exponent of variant <see cref="PNPVariant.Dq"/>.</param>
/// <param name="anneal">How soft counting is: the smaller, the nearer to whole numbers.</param>
/// <param name="variant">How the penalty grows.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class PNPLoss(
    double b = 2,
    double alpha = 1,
    double anneal = 0.01,
    PNPVariant variant = PNPVariant.O,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        PNPModule.settings(new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats))
    )
{
    private readonly PNP options = PNPModule.check(new(b, alpha, anneal, variant));

    /// <inheritdoc/>
    public override bool TakesReferences => false;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        PNPModule.elements(options, Distance, input);
}
