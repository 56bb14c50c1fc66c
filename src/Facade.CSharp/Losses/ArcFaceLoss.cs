using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Softmax cross entropy of scaled cosines to class weights, with a margin on the angle of the right class.
/// Its parameter is <c>W</c>
/// (embeddingSize × numClasses); the distance must be <see cref="CosineSimilarity"/>.</summary>
/// <param name="numClasses">How many classes there are: labels are 0 to numClasses − 1.</param>
/// <param name="embeddingSize">How wide embeddings are.</param>
/// <param name="margin">What is added to the angle of the right class, in degrees.</param>
/// <param name="scale">What cosines are multiplied by.</param>
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
public sealed class ArcFaceLoss(
    int numClasses,
    int embeddingSize,
    double margin = 28.6,
    double scale = 64,
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
        ArcFaceModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        ),
        new WeightSettings(weightInitFunc, weightRegularizer, weightRegWeight),
        ArcFaceModule.parameter,
        numClasses,
        embeddingSize,
        true
    )
{
    private readonly ArcFace options = new(numClasses, embeddingSize, margin, scale);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        ArcFaceModule.elements(options, Distance, WeightsFor(input), input);

    /// <summary>Scaled cosines (N × numClasses), without a margin: what to classify with.</summary>
    public override Tensor GetLogits(Tensor embeddings) => base.GetLogits(embeddings) * options.Scale;
}
