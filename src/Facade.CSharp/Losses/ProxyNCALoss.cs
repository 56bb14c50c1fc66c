using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>NCA to one learned proxy a class. Its parameter is <c>proxies</c> (numClasses × embeddingSize).</summary>
/// <param name="numClasses">How many classes there are: labels are 0 to numClasses − 1.</param>
/// <param name="embeddingSize">How wide embeddings are.</param>
/// <param name="softmaxScale">What distances are multiplied by.</param>
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
public sealed class ProxyNCALoss(
    int numClasses,
    int embeddingSize,
    double softmaxScale = 1,
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
        ProxyNCAModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        ),
        new WeightSettings(weightInitFunc, weightRegularizer, weightRegWeight),
        ProxyNCAModule.parameter,
        numClasses,
        embeddingSize,
        false
    )
{
    private readonly ProxyNCA options = new(numClasses, embeddingSize, softmaxScale);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        ProxyNCAModule.elements(options, Distance, WeightsFor(input), input);
}
