using MetricLearning.Core;

namespace MetricLearning;

/// <summary>The mean excess of positive pairs that are not similar enough and of negative pairs that are too similar: a
/// companion to another loss. The distance must be <see cref="CosineSimilarity"/>.</summary>
/// <param name="lambdaPlus">The weight of positive pairs.</param>
/// <param name="lambdaMinus">The weight of negative pairs.</param>
/// <param name="marginPlus">Positive pairs more similar than this cost nothing.</param>
/// <param name="marginMinus">Negative pairs less similar than this cost nothing.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class ThresholdConsistentMarginLoss(
    double lambdaPlus = 1,
    double lambdaMinus = 1,
    double marginPlus = 0.9,
    double marginMinus = 0.5,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Loss(
        ThresholdConsistentMarginModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        )
    )
{
    private readonly ThresholdConsistentMargin options = new(lambdaPlus, lambdaMinus, marginPlus, marginMinus);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        ThresholdConsistentMarginModule.elements(options, Distance, input);
}
