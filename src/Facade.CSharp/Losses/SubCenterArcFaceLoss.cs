using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>ArcFace in which a class is as near as the nearest of its centres. Its parameter is <c>W</c> (embeddingSize ×
/// numClasses·subCenters); the distance must be <see cref="CosineSimilarity"/>. As in the reference, reducer and
/// regularizers are taken but not used: the loss is the mean. In F#, <c>SubCenterArcFace.lossWith</c> uses them.</summary>
public sealed class SubCenterArcFaceLoss : WeightedLoss
{
    private readonly SubCenterArcFace options;

    /// <summary>The loss with its documented arguments.</summary>
    /// <param name="numClasses">How many classes there are: labels are 0 to numClasses − 1.</param>
    /// <param name="embeddingSize">How wide embeddings are.</param>
    /// <param name="margin">What is added to the angle of the right class, in degrees.</param>
    /// <param name="scale">What cosines are multiplied by.</param>
    /// <param name="subCenters">How many centres a class has.</param>
    /// <param name="weightInitFunc">Fills the weights in place; null as the paper does.</param>
    /// <param name="weightRegularizer">Not used.</param>
    /// <param name="weightRegWeight">Not used.</param>
    /// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
    /// says.</param>
    /// <param name="reducer">Not used.</param>
    /// <param name="distance">What embeddings are compared with; null is the documented default.</param>
    /// <param name="embeddingRegularizer">Not used.</param>
    /// <param name="embeddingRegWeight">Not used.</param>
    public SubCenterArcFaceLoss(
        int numClasses,
        int embeddingSize,
        double margin = 28.6,
        double scale = 64,
        int subCenters = 3,
        Action<Tensor>? weightInitFunc = null,
        Regularizer? weightRegularizer = null,
        double weightRegWeight = 1,
        bool? collectStats = null,
        Reducer? reducer = null,
        Distance? distance = null,
        Regularizer? embeddingRegularizer = null,
        double embeddingRegWeight = 1
    )
        : base(
            SubCenterArcFaceModule.settings(new LossSettings(distance, null, null, 1, collectStats)),
            new WeightSettings(weightInitFunc, null, 1),
            SubCenterArcFaceModule.parameter,
            numClasses,
            embeddingSize,
            true,
            subCenters
        ) => options = new(numClasses, embeddingSize, margin, scale, subCenters);

    /// <inheritdoc/>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        SubCenterArcFaceModule.elements(options, Distance, WeightsFor(input), input);

    /// <summary>Scaled cosines (N × numClasses) to each class's nearest centre, without a margin: what to classify
    /// with.</summary>
    public override Tensor GetLogits(Tensor embeddings) =>
        SubCenterArcFaceModule.logits(options, Distance, WeightsLike(embeddings), embeddings);

    /// <summary>Samples that are far from the centre which is nearest to most of their class.</summary>
    /// <param name="embeddings">(N × embeddingSize), of a whole data set.</param>
    /// <param name="labels">(N).</param>
    /// <param name="threshold">How far, in degrees.</param>
    /// <returns>The numbers of the samples, class by class (int64), and the dominant centres (embeddingSize ×
    /// numClasses).</returns>
    public (Tensor Outliers, Tensor DominantCenters) GetOutliers(
        Tensor embeddings,
        Tensor labels,
        double threshold = 75
    )
    {
        var input = new MetricInput(embeddings, labels, Tuples.All, null, null, new(() => Seed.Of(0)));
        return SubCenterArcFaceModule.outliers(options, Distance, WeightsFor(input), input, threshold);
    }
}
