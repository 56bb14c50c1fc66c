using MetricLearning.Core;

namespace MetricLearning;

/// <summary>[d(a,p) − β + margin]₊ + [β − d(a,n) + margin]₊ for every triplet, by the number of terms above 0. A learned β is the
/// parameter <c>beta</c>.</summary>
public sealed class MarginLoss : Loss
{
    private readonly Margin options;

    /// <summary>The loss with its documented arguments.</summary>
    /// <param name="margin">How far from the boundary positives and negatives should be.</param>
    /// <param name="nu">The cost of β, where it is learned.</param>
    /// <param name="beta">The boundary; where it is learned, where it starts.</param>
    /// <param name="tripletsPerAnchor">Random triplets for each anchor where no tuples are given; null is all.</param>
    /// <param name="learnBeta">Whether β is learned.</param>
    /// <param name="numClasses">A β for each class of the anchor; null is one β.</param>
    /// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/> says.</param>
    /// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see cref="Loss.Reducer"/>.</param>
    /// <param name="distance">What embeddings are compared with; null is the documented default.</param>
    /// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
    /// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
    public MarginLoss(
        double margin = 0.2,
        double nu = 0,
        double beta = 1.2,
        int? tripletsPerAnchor = null,
        bool learnBeta = false,
        int? numClasses = null,
        bool? collectStats = null,
        Reducer? reducer = null,
        Distance? distance = null,
        Regularizer? embeddingRegularizer = null,
        double embeddingRegWeight = 1
    )
        : base(
            MarginModule.settings(
                new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
            )
        )
    {
        options = new(margin, nu, beta, tripletsPerAnchor, learnBeta, numClasses);
        if (MarginModule.learned(options) is { } initial)
            Learn(MarginModule.parameter, initial);
    }

    /// <inheritdoc/>
    public override bool TakesAnyLabels => false;

    /// <inheritdoc/>
    public override string[] Parts => MarginModule.parts(options);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        MarginModule.elements(
            options,
            Distance,
            options.LearnBeta ? Learned(MarginModule.parameter, input.Embeddings) : null,
            input
        );
}
