using MetricLearning.Core;
using Microsoft.Extensions.Logging;
using static TorchSharp.torch;

namespace MetricLearning;

/// <summary>How well nearest neighbours, and clusters, of embeddings agree with labels.</summary>
/// <remarks>
/// Metrics by their names: <c>AMI</c>, <c>NMI</c>, <c>mean_average_precision</c>, <c>mean_average_precision_at_r</c>,
/// <c>mean_reciprocal_rank</c>, <c>precision_at_1</c>, <c>r_precision</c> (all on by default), and <c>recall_at_</c> followed by
/// any k: whether at least one of the k nearest matches.
/// </remarks>
public sealed class AccuracyCalculator
{
    private readonly IReadOnlyList<RetrievalMetric> customMetrics;
    private readonly ILogger? logger;

    /// <summary>A calculator of the metrics that it is to include, or of all of them.</summary>
    /// <param name="include">Names of metrics; null or none: the documented seven, those of <paramref name="recallAtK"/> and
    /// <paramref name="customMetrics"/>.</param>
    /// <param name="exclude">Names of metrics to leave out.</param>
    /// <param name="avgOfAvgs">Averages each class, and then the classes.</param>
    /// <param name="returnPerClass">Fills <see cref="Accuracy.ByClass"/>.</param>
    /// <param name="k">How many neighbours metrics of all of them look at; null: every reference.</param>
    /// <param name="labelComparisonFn">Whether labels match: x the queries&#39; and y the references&#39;, broadcasting; null: whether
    /// they are equal. Labels may then have several levels, along the last dimension.</param>
    /// <param name="device">Where to calculate; null: where the queries are.</param>
    /// <param name="knnFunc">Finds neighbours; null: exactly, by squared Euclidean distance.</param>
    /// <param name="kmeansFunc">From embeddings (N × D) and a number of clusters to the cluster of every row (N); null:
    /// k-means.</param>
    /// <param name="recallAtK">Adds recall_at_k of these k.</param>
    /// <param name="customMetrics">Metrics of your own.</param>
    /// <param name="seed">Where the random choices of k-means come from.</param>
    /// <param name="logger">Gets warnings; null for none.</param>
    /// <exception cref="ArgumentException">A name that is no metric; both kinds of averages; clusterings with a comparison of
    /// labels.</exception>
    public AccuracyCalculator(
        IReadOnlyCollection<string>? include = null,
        IReadOnlyCollection<string>? exclude = null,
        bool avgOfAvgs = false,
        bool returnPerClass = false,
        AnyK? k = null,
        Func<Tensor, Tensor, Tensor>? labelComparisonFn = null,
        Device? device = null,
        KnnFunc? knnFunc = null,
        Func<Tensor, int, Tensor>? kmeansFunc = null,
        IReadOnlyCollection<long>? recallAtK = null,
        IReadOnlyCollection<RetrievalMetric>? customMetrics = null,
        long seed = 0,
        ILogger? logger = null
    )
    {
        if (avgOfAvgs && returnPerClass)
        {
            throw new ArgumentException(
                "avgOfAvgs makes one number of all classes, and returnPerClass one for each: choose one of them."
            );
        }

        this.customMetrics = [.. customMetrics ?? []];
        this.logger = logger;
        AvgOfAvgs = avgOfAvgs;
        ReturnPerClass = returnPerClass;
        var averaging =
            avgOfAvgs ? Averaging.OverClasses
            : returnPerClass ? Averaging.PerClass
            : Averaging.OverQueries;
        var all = AccuracyOptionsModule.all(this.customMetrics, [.. recallAtK ?? []]);
        Metrics = AccuracyOptionsModule.narrow(this.customMetrics, all, include ?? [], exclude ?? []);
        Options = AccuracyOptionsModule.withMetrics(
            this.customMetrics,
            Metrics,
            new(
                [],
                false,
                false,
                k?.Value ?? NeighbourCount.All,
                averaging,
                labelComparisonFn,
                device,
                knnFunc ?? ExactKnn.SquaredEuclidean,
                kmeansFunc ?? AccuracyOptionsModule.kMeans(seed)
            )
        );
    }

    internal AccuracyOptions Options { get; }

    /// <summary>Names of the metrics it calculates.</summary>
    public IReadOnlyList<string> Metrics { get; }

    /// <summary>Whether classes are averaged first.</summary>
    public bool AvgOfAvgs { get; }

    /// <summary>Whether results have numbers by class.</summary>
    public bool ReturnPerClass { get; }

    /// <summary>What the names of records say of it: <c>avg_of_avgs</c> or nothing.</summary>
    public string Description => AvgOfAvgs ? "avg_of_avgs" : "";

    /// <summary>Accuracies by the names of metrics.</summary>
    /// <param name="query">Embeddings (Q × D).</param>
    /// <param name="queryLabels">Their labels (Q), integers or floating-point numbers.</param>
    /// <param name="reference">Embeddings to search (R × D); null: the query itself, where no row is its own
    /// neighbour.</param>
    /// <param name="referenceLabels">Their labels (R).</param>
    /// <param name="refIncludesQuery">Whether the first rows of the reference are the query; none of them is its own
    /// neighbour.</param>
    /// <param name="include">Narrows the metrics of this call; null or none: all that the calculator has.</param>
    /// <param name="exclude">Leaves metrics out of this call.</param>
    /// <exception cref="ArgumentException">Numbers of rows do not fit; the reference does not begin with the query.</exception>
    public IReadOnlyDictionary<string, Accuracy> GetAccuracy(
        Tensor query,
        Tensor queryLabels,
        Tensor? reference = null,
        Tensor? referenceLabels = null,
        bool refIncludesQuery = false,
        IReadOnlyCollection<string>? include = null,
        IReadOnlyCollection<string>? exclude = null
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(queryLabels);
        var names = AccuracyOptionsModule.narrow(customMetrics, Metrics, include ?? [], exclude ?? []);
        var accuracies = AccuracyCalculation.calculate(
            AccuracyOptionsModule.withMetrics(customMetrics, names, Options),
            query,
            queryLabels,
            reference,
            referenceLabels,
            refIncludesQuery
        );

        foreach (var warning in accuracies.Warnings)
        {
            logger?.LogWarning("{Warning}", warning);
        }

        return accuracies.Values;
    }
}
