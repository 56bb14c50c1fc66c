using MetricLearning.Core;

namespace MetricLearning;

/// <summary>[d(a,p) − d(a,n) + margin]₊ for every triplet.</summary>
/// <param name="margin">How much farther than the positive the negative should be.</param>
/// <param name="swap">Whether the negative's distance is taken to the anchor or the positive, whichever is
/// nearer.</param>
/// <param name="smoothLoss">Whether log(1 + eˣ) stands in for max(0, x).</param>
/// <param name="tripletsPerAnchor">Random triplets for each anchor where no tuples are given; null is all.</param>
/// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
/// says.</param>
/// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
/// cref="Loss.Reducer"/>.</param>
/// <param name="distance">What embeddings are compared with; null is the documented default.</param>
/// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
/// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
public sealed class TripletMarginLoss(
    double margin = 0.05,
    bool swap = false,
    bool smoothLoss = false,
    int? tripletsPerAnchor = null,
    bool? collectStats = null,
    Reducer? reducer = null,
    Distance? distance = null,
    Regularizer? embeddingRegularizer = null,
    double embeddingRegWeight = 1
)
    : Core.TripletMarginLoss(
        new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats),
        new TripletMargin(margin, swap, smoothLoss, tripletsPerAnchor)
    );
