namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open Microsoft.Extensions.Logging
open TorchSharp

/// <summary>Scores the agreement of nearest neighbours, and of clusters, with labels.</summary>
/// <remarks>
/// Metrics by name: <c>AMI</c>, <c>NMI</c>, <c>mean_average_precision</c>, <c>mean_average_precision_at_r</c>,
/// <c>mean_reciprocal_rank</c>, <c>precision_at_1</c>, <c>r_precision</c> (the default), and <c>recall_at_</c> with any k: the share of
/// queries that at least one of the k nearest matches.
/// </remarks>
/// <example>
/// <code>
/// var calculator = new AccuracyCalculator(include: ["precision_at_1", "mean_average_precision_at_r"]);
/// var accuracies = calculator.GetAccuracy(query, queryLabels, reference, referenceLabels);
/// </code>
/// </example>
[<Sealed>]
type AccuracyCalculator
    /// <summary>A calculator of the included metrics, or of all.</summary>
    /// <param name="include">Names of metrics; null or empty for the documented seven, those of recallAtK and customMetrics.</param>
    /// <param name="exclude">Names of metrics to leave out.</param>
    /// <param name="avgOfAvgs">Averages each class, and then the classes.</param>
    /// <param name="returnPerClass">Fills <c>Accuracy.ByClass</c>.</param>
    /// <param name="k">The number of neighbours of each query; null for every reference.</param>
    /// <param name="labelComparisonFn">Compares labels of queries (x) with labels of references (y), broadcasting; null for equality. Labels
    /// may then have several levels, along the last dimension.</param>
    /// <param name="device">The device of the calculation; null for that of the queries.</param>
    /// <param name="knnFunc">Finds neighbours; null for exact ones by squared Euclidean distance.</param>
    /// <param name="kmeansFunc">From embeddings (N × D) and a number of clusters to the cluster of every row (N); null for k-means.</param>
    /// <param name="recallAtK">Adds <c>recall_at_k</c> for each of these k.</param>
    /// <param name="customMetrics">Metrics of your own.</param>
    /// <param name="seed">Seeds k-means.</param>
    /// <param name="logger">Gets warnings; null for none.</param>
    /// <param name="labelComparison">Says which labels match, of rows of several classes too; null for equality, or labelComparisonFn.</param>
    /// <exception cref="System.ArgumentException">A name is no metric; both kinds of averages; clusterings with a comparison of labels; two comparisons.</exception>
    (
        [<Optional; DefaultParameterValue(null: IReadOnlyCollection<string> | null)>] ``include``:
            IReadOnlyCollection<string> | null,
        [<Optional; DefaultParameterValue(null: IReadOnlyCollection<string> | null)>] exclude:
            IReadOnlyCollection<string> | null,
        [<Optional; DefaultParameterValue(false)>] avgOfAvgs: bool,
        [<Optional; DefaultParameterValue(false)>] returnPerClass: bool,
        [<Optional; DefaultParameterValue(null: AnyK | null)>] k: AnyK | null,
        [<Optional; DefaultParameterValue(null: Func<torch.Tensor, torch.Tensor, torch.Tensor> | null)>] labelComparisonFn:
            Func<torch.Tensor, torch.Tensor, torch.Tensor> | null,
        [<Optional; DefaultParameterValue(null: torch.Device | null)>] device: torch.Device | null,
        [<Optional; DefaultParameterValue(null: KnnFunc | null)>] knnFunc: KnnFunc | null,
        [<Optional; DefaultParameterValue(null: Func<torch.Tensor, int, torch.Tensor> | null)>] kmeansFunc:
            Func<torch.Tensor, int, torch.Tensor> | null,
        [<Optional; DefaultParameterValue(null: IReadOnlyCollection<int64> | null)>] recallAtK:
            IReadOnlyCollection<int64> | null,
        [<Optional; DefaultParameterValue(null: IReadOnlyCollection<RetrievalMetric> | null)>] customMetrics:
            IReadOnlyCollection<RetrievalMetric> | null,
        [<Optional; DefaultParameterValue(0L)>] seed: int64,
        [<Optional; DefaultParameterValue(null: ILogger | null)>] logger: ILogger | null,
        [<Optional; DefaultParameterValue(null: LabelComparison | null)>] labelComparison: LabelComparison | null
    ) =

    static let orEmpty (given: IReadOnlyCollection<'T> | null) : IReadOnlyCollection<'T> =
        match given with
        | null -> Array.Empty<'T>()
        | given -> given

    do
        if avgOfAvgs && returnPerClass then
            raise (
                ArgumentException
                    "avgOfAvgs makes one number of all classes, and returnPerClass one for each: choose one of them."
            )

    let comparison =
        match labelComparison, labelComparisonFn with
        | null, null -> LabelComparison.Equal
        | NonNull given, null -> given
        | null, NonNull given -> LabelComparison.Own given
        | _ ->
            raise (
                ArgumentException "labelComparison and labelComparisonFn both say which labels match: give one of them."
            )

    let own = Arguments.noneNull (nameof customMetrics) (orEmpty customMetrics)

    let metrics =
        let all = AccuracyOptions.all own (Array.ofSeq (orEmpty recallAtK))
        AccuracyOptions.narrow own all (orEmpty ``include``) (orEmpty exclude)

    let averaging =
        if avgOfAvgs then Averaging.OverClasses
        elif returnPerClass then Averaging.PerClass
        else Averaging.OverQueries

    let options =
        let defaults = AccuracyOptions.defaults

        { defaults with
            K = k
            Averaging = averaging
            LabelComparison = comparison
            Device = device
            Knn = knnFunc |> Option.ofObj |> Option.defaultValue defaults.Knn
            KMeans =
                kmeansFunc
                |> Option.ofObj
                |> Option.defaultWith (fun () -> AccuracyOptions.kMeans seed)
        }
        |> AccuracyOptions.withMetrics own metrics

    /// The calculation that it stands for.
    member internal _.Options: AccuracyOptions = options

    /// The names of its metrics.
    member _.Metrics: IReadOnlyList<string> = metrics

    /// True if classes are averaged first.
    member _.AvgOfAvgs: bool = avgOfAvgs

    /// True if results have numbers by class.
    member _.ReturnPerClass: bool = returnPerClass

    /// Its part of the names of records: `avg_of_avgs`, or nothing.
    member _.Description: string = if avgOfAvgs then "avg_of_avgs" else ""

    /// <summary>Accuracies by the names of metrics.</summary>
    /// <param name="query">Embeddings (Q × D).</param>
    /// <param name="queryLabels">Their labels (Q), integers or floating-point numbers.</param>
    /// <param name="reference">The embeddings to search (R × D); null for the query itself, without each row itself.</param>
    /// <param name="referenceLabels">Their labels (R).</param>
    /// <param name="refIncludesQuery">The first rows of the reference are the query; none of them is its own neighbour.</param>
    /// <param name="include">Narrows the metrics of this call; null or empty for all that the calculator has.</param>
    /// <param name="exclude">Leaves metrics out of this call.</param>
    /// <param name="queryCameras">The cameras or sequences of the query (Q), as integers. References that match a query and are of its camera
    /// are left out of its ranking, as in re-identification; null leaves none out.</param>
    /// <param name="referenceCameras">Those of the reference (R); null without a reference.</param>
    /// <exception cref="System.ArgumentException">Numbers of rows do not fit; a number is NaN or infinite; the reference does not begin with the query.</exception>
    member _.GetAccuracy
        (
            query: torch.Tensor,
            queryLabels: torch.Tensor,
            [<Optional; DefaultParameterValue(null: torch.Tensor | null)>] reference: torch.Tensor | null,
            [<Optional; DefaultParameterValue(null: torch.Tensor | null)>] referenceLabels: torch.Tensor | null,
            [<Optional; DefaultParameterValue(false)>] refIncludesQuery: bool,
            [<Optional; DefaultParameterValue(null: IReadOnlyCollection<string> | null)>] ``include``:
                IReadOnlyCollection<string> | null,
            [<Optional; DefaultParameterValue(null: IReadOnlyCollection<string> | null)>] exclude:
                IReadOnlyCollection<string> | null,
            [<Optional; DefaultParameterValue(null: torch.Tensor | null)>] queryCameras: torch.Tensor | null,
            [<Optional; DefaultParameterValue(null: torch.Tensor | null)>] referenceCameras: torch.Tensor | null
        ) : IReadOnlyDictionary<string, Accuracy> =
        ArgumentNullException.ThrowIfNull(query, nameof query)
        ArgumentNullException.ThrowIfNull(queryLabels, nameof queryLabels)

        let names =
            AccuracyOptions.narrow own metrics (orEmpty ``include``) (orEmpty exclude)

        let accuracies =
            AccuracyCalculation.calculateAcross
                queryCameras
                referenceCameras
                (AccuracyOptions.withMetrics own names options)
                query
                queryLabels
                reference
                referenceLabels
                refIncludesQuery

        match logger with
        | null -> ()
        | logger ->
            for warning in accuracies.Warnings do
                logger.LogWarning("{Warning}", warning)

        accuracies.Values
