using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Softmax cross entropy of inner products with class weights, in which the angle to the right class counts several
/// times. Its parameter is <c>W</c> (embeddingSize × numClasses); the distance must be <see
/// cref="CosineSimilarity"/>.</summary>
/// <param name="numClasses">How many classes there are: labels are 0 to numClasses − 1.</param>
/// <param name="embeddingSize">How wide embeddings are.</param>
/// <param name="margin">What the angle of the right class is multiplied by; at least 1.</param>
/// <param name="scale">What logits are multiplied by.</param>
/// <param name="weightInitFunc">Fills the weights in place; null as the paper does.</param>
/// <param name="weightRegularizer">A cost of the weights themselves, as (classes × dimensions).</param>
/// <param name="weightRegWeight">What that cost is multiplied by.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class LargeMarginSoftmaxLoss(
    int numClasses,
    int embeddingSize,
    int margin = 4,
    double scale = 1,
    Action<Tensor>? weightInitFunc = null,
    Regularizer? weightRegularizer = null,
    double weightRegWeight = 1,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : WeightedLoss(
        LargeMarginSoftmaxModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        ),
        new WeightSettings(weightInitFunc, weightRegularizer, weightRegWeight),
        LargeMarginSoftmaxModule.parameter,
        numClasses,
        embeddingSize,
        true
    )
{
    private readonly LargeMarginSoftmax options = new(numClasses, embeddingSize, margin, scale);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        LargeMarginSoftmaxModule.elements(options, Distance, WeightsFor(input), input);

    /// <summary>Scaled similarities (N × numClasses), without a margin: what to classify with.</summary>
    public override Tensor GetLogits(Tensor embeddings) =>
        LargeMarginSoftmaxModule.logits(options, Distance, WeightsLike(embeddings), embeddings);
}
