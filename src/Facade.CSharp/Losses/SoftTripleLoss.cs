using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Softmax cross entropy over classes of several centres: a class is as similar as its centres are, weighted by the
/// softmax of just that. Its parameter is <c>fc</c> (embeddingSize × numClasses·centersPerClass); the distance must be a
/// similarity.</summary>
/// <param name="numClasses">How many classes there are: labels are 0 to numClasses − 1.</param>
/// <param name="embeddingSize">How wide embeddings are.</param>
/// <param name="centersPerClass">How many centres a class has.</param>
/// <param name="la">What similarities are multiplied by.</param>
/// <param name="gamma">How softly the centres of a class share its samples.</param>
/// <param name="margin">What is taken from the similarity of the right class.</param>
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
public sealed class SoftTripleLoss(
    int numClasses,
    int embeddingSize,
    int centersPerClass = 10,
    double la = 20,
    double gamma = 0.1,
    double margin = 0.01,
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
        SoftTripleModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        ),
        SoftTripleModule.weightSettings(new WeightSettings(weightInitFunc, weightRegularizer, weightRegWeight)),
        SoftTripleModule.parameter,
        numClasses,
        embeddingSize,
        true,
        centersPerClass
    )
{
    private readonly SoftTriple options = new(numClasses, embeddingSize, centersPerClass, la, gamma, margin);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        SoftTripleModule.elements(options, Distance, WeightsFor(input), input);

    /// <summary>Similarities (N × numClasses), neither scaled nor with a margin: what to classify with.</summary>
    public override Tensor GetLogits(Tensor embeddings) =>
        SoftTripleModule.logits(options, Distance, WeightsLike(embeddings), embeddings);
}
