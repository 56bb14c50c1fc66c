using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>The mean square by which cosines to class weights differ from 1 for the right class and 0 for the others. Its
/// parameter is <c>weight</c> (descriptorsDim × numClasses), whose columns are scaled to length 1 in place whenever the
/// loss is computed. Tuples are refused.</summary>
/// <param name="descriptorsDim">How wide embeddings are.</param>
/// <param name="numClasses">How many classes there are: labels are 0 to numClasses − 1.</param>
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
public sealed class P2SGradLoss(
    int descriptorsDim,
    int numClasses,
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
        P2SGradModule.settings(
            new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
        ),
        P2SGradModule.weightSettings(new WeightSettings(weightInitFunc, weightRegularizer, weightRegWeight)),
        P2SGradModule.parameter,
        numClasses,
        descriptorsDim,
        true
    )
{
    /// <inheritdoc/>
    public override bool RewritesParameters => true;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) => P2SGradModule.compute(this, input);
}
