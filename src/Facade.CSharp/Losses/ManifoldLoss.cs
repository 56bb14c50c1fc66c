using MetricLearning.Core;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>Similarity that spreads along the manifold on which embeddings and learned proxies lie: each sample should be
/// nearer to its proxy than to the others. Its parameter is <c>proxies</c> (k × l). Labels and tuples are refused.</summary>
public sealed class ManifoldLoss : Loss
{
    private readonly Manifold options;

    /// <summary>The loss.</summary>
    /// <param name="l">How wide embeddings are.</param>
    /// <param name="k">How many proxies there are.</param>
    /// <param name="lambdaC">The weight of the context loss; 0 leaves it out.</param>
    /// <param name="alpha">How far similarity spreads from neighbour to neighbour; above 0 and below 1.</param>
    /// <param name="margin">How much nearer a sample should be to its own proxy than to others.</param>
    /// <param name="collectStats">Whether to collect statistics; null as <see cref="Statistics.CollectByDefault"/>
    /// says.</param>
    /// <param name="reducer">From values to a scalar; null is the documented default. The loss takes a copy: see <see
    /// cref="Loss.Reducer"/>.</param>
    /// <param name="distance">What embeddings are compared with; null is the documented default.</param>
    /// <param name="embeddingRegularizer">A cost of the embeddings themselves.</param>
    /// <param name="embeddingRegWeight">What that cost is multiplied by.</param>
    public ManifoldLoss(
        int l,
        int k = 50,
        double lambdaC = 1,
        double alpha = 0.8,
        double margin = 5e-4,
        bool? collectStats = null,
        Reducer? reducer = null,
        Distance? distance = null,
        Regularizer? embeddingRegularizer = null,
        double embeddingRegWeight = 1
    )
        : base(
            ManifoldModule.settings(
                new LossSettings(distance, reducer, embeddingRegularizer, embeddingRegWeight, collectStats)
            )
        )
    {
        options = new(l, k, lambdaC, alpha, margin);
        Learn(ManifoldModule.parameter, ManifoldModule.initial(options));
    }

    /// <inheritdoc/>
    public override bool TakesReferences => false;

    /// <summary>The loss where every sample belongs to a random proxy.</summary>
    public override IReadOnlyList<LossElements> ComputeLoss(MetricInput input) =>
        Elements(ManifoldModule.drawn(options, input), input);

    /// <summary>The loss where samples belong to the given proxies.</summary>
    /// <param name="embeddings">(N × l).</param>
    /// <param name="labels">Must be null: this loss takes none.</param>
    /// <param name="metaClasses">(N) a proxy for each embedding, 0 to k − 1.</param>
    public Tensor Compute(Tensor embeddings, Tensor? labels, Tensor metaClasses)
    {
        // Nothing is left to chance.
        var input = new MetricInput(embeddings, labels, Tuples.All, null, null, new(() => Seed.Of(0)));
        var chosen = ManifoldModule.checkMetaClasses(options, embeddings, metaClasses);
        return Finish(Elements(chosen, input), input);
    }

    private IReadOnlyList<LossElements> Elements(Tensor metaClasses, MetricInput input) =>
        ManifoldModule.elements(
            options,
            Distance,
            Learned(ManifoldModule.parameter, input.Embeddings),
            metaClasses,
            input
        );
}
