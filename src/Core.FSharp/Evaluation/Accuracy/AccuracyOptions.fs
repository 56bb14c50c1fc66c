namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// The way from scores of queries to a result.
[<RequireQualifiedAccess>]
type internal Averaging =
    /// Their mean.
    | OverQueries
    /// The mean of each class, and the mean of these.
    | OverClasses
    /// The mean of each class.
    | PerClass

/// The options of a calculation of accuracies.
[<ReferenceEquality; RequireQualifiedAccess>]
type internal AccuracyOptions =
    {
        /// The metrics of neighbours.
        Metrics: RetrievalMetric[]
        /// Scores a clustering by normalised mutual information.
        NMI: bool
        /// Scores a clustering by mutual information adjusted for chance.
        AMI: bool
        /// The number of neighbours; null for every reference.
        K: AnyK | null
        /// The way from scores of queries to a result.
        Averaging: Averaging
        /// Says which labels of queries and of references match.
        LabelComparison: LabelComparison
        /// The labels that numbers stand for, by number; none where labels are their own names.
        Names: IReadOnlyList<string>
        /// The device of the calculation; null for that of the queries.
        Device: torch.Device | null
        /// Finds neighbours.
        Knn: KnnFunc
        /// From embeddings and a number of clusters to the cluster of every row.
        KMeans: Func<torch.Tensor, int, torch.Tensor>
        /// Each searches the neighbours of some queries, and all get the scores.
        Processes: Processes
    }

/// From users' words to options.
module internal AccuracyOptions =

    /// Names of the scores of a clustering.
    let clusterings = [ "AMI"; "NMI" ]

    /// k-means with choices that follow a seed.
    let kMeans (seed: int64) : Func<torch.Tensor, int, torch.Tensor> =
        Func<_, _, _>(KMeans.cluster KMeans.defaults (Seed.ofInt64 seed |> Seed.derive "k-means" 0L))

    /// All documented metrics, every neighbour by squared Euclidean distance, means over queries.
    let defaults: AccuracyOptions =
        {
            Metrics = Array.ofList RetrievalMetric.documented
            NMI = true
            AMI = true
            K = null
            Averaging = Averaging.OverQueries
            LabelComparison = LabelComparison.Equal
            Names = [||]
            Device = null
            Knn = CustomKNN.SquaredEuclidean
            KMeans = kMeans 0L
            Processes = Processes.Alone
        }

    // Every recall is known by its name.
    let private known (own: RetrievalMetric seq) (name: string) : RetrievalMetric option =
        own
        |> Seq.append RetrievalMetric.documented
        |> Seq.tryFind (fun metric -> metric.Name = name)
        |> Option.orElse (RetrievalMetric.tryRecall name |> Option.map RetrievalMetric.recallAt)

    /// The names of all metrics: the documented ones, recalls at these k, and own ones.
    /// ArgumentException when two metrics have one name, or a k is below 1.
    let all (own: IReadOnlyList<RetrievalMetric>) (recallAtK: IReadOnlyList<int64>) : string[] =
        let documented = clusterings @ (RetrievalMetric.documented |> List.map _.Name)

        own
        |> Seq.countBy _.Name
        |> Seq.iter (fun (name, count) ->
            if
                count > 1
                || List.contains name documented
                || (RetrievalMetric.tryRecall name).IsSome
            then
                invalidArg "customMetrics" $"There is more than one metric named \"{name}\": give yours another name.")

        [|
            yield! documented
            for k in recallAtK -> (RetrievalMetric.recallAt k).Name
            for metric in own -> metric.Name
        |]

    /// The names among `all` that remain: those of `include`, or all if it is empty, but none of `exclude`.
    /// ArgumentException for a name that is not known.
    let narrow
        (own: IReadOnlyList<RetrievalMetric>)
        (all: string seq)
        (include': IReadOnlyCollection<string>)
        (exclude: IReadOnlyCollection<string>)
        : string[] =
        let isKnown name =
            List.contains name clusterings || (known own name).IsSome

        for argument, names in [ "include", include'; "exclude", exclude ] do
            for name in Arguments.noneNull argument names do
                if not (isKnown name) then
                    let names =
                        Seq.concat
                            [
                                Seq.ofList clusterings
                                RetrievalMetric.documented |> Seq.map _.Name
                                own |> Seq.map _.Name
                            ]
                        |> String.concat ", "

                    raise (
                        ArgumentException(
                            $"{argument} has \"{name}\", which is no metric: there are {names} and recall_at_<k>.",
                            argument
                        )
                    )

        (if include'.Count > 0 then
             Seq.cast<string> include'
         else
             all)
        |> Seq.distinct
        |> Seq.filter (fun name -> not (Seq.contains name exclude))
        |> Seq.sortWith (fun one other -> String.CompareOrdinal(one, other))
        |> Seq.toArray

    /// These options with the metrics of these names.
    /// ArgumentException for clusterings with a comparison of labels: clusters are of equal labels.
    let withMetrics
        (own: IReadOnlyList<RetrievalMetric>)
        (names: string seq)
        (options: AccuracyOptions)
        : AccuracyOptions =
        let has name = Seq.contains name names

        if not options.LabelComparison.IsEquality && List.exists has clusterings then
            invalidArg
                "labelComparison"
                "NMI and AMI compare clusters with classes of equal labels, not with another comparison of labels: exclude them."

        { options with
            Metrics = names |> Seq.choose (known own) |> Seq.toArray
            NMI = has "NMI"
            AMI = has "AMI"
        }
