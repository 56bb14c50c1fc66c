using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Two views of every sample should be alike, dimensions should vary, and vary independently. Row i of the embeddings
/// and of the reference embeddings are two views; labels, tuples and a distance are refused.</summary>
public sealed class VICRegLoss : Loss
{
    private readonly VICReg options;

    /// <summary>The loss.</summary>
    /// <param name="invarianceLambda">What the difference between the two views of a sample is multiplied by.</param>
    /// <param name="varianceMu">What the lack of variance along each dimension is multiplied by.</param>
    /// <param name="covarianceV">What the covariance of dimensions is multiplied by.</param>
    /// <param name="eps">What is added to variances before their root is taken.</param>
    /// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
    /// says.</param>
    /// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
    /// cref="Loss.Reducer"/>.</param>
    /// <param name="distance">What embeddings are compared with; null is the documented default.</param>
    /// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
    /// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
    public VICRegLoss(
        double invarianceLambda = 25,
        double varianceMu = 25,
        double covarianceV = 1,
        double eps = 1e-4,
        bool? collectStats = null,
        Reducer? reducer = null,
        Distance? distance = null,
        Regularizer? embeddingRegularizer = null,
        double embeddingRegWeight = 1
    )
        : base(
            VICRegModule.settings(
                new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
            )
        )
    {
        options = new(invarianceLambda, varianceMu, covarianceV, eps);
    }

    /// <inheritdoc/>
    public override string[] Parts => VICRegModule.parts;

    /// <inheritdoc/>
    public override bool TakesAnyLabels => false;

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) => VICRegModule.elements(options, input);
}
