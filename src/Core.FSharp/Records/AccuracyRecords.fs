namespace MetricLearning

open System
open System.Collections.Generic

/// The results of a split compared with those of earlier epochs.
[<Struct; NoComparison>]
type Verdict =
    internal
        {
            /// The primary metric; NaN if it is not among the results.
            score: double
            best: BestEpoch voption
            isNewBest: bool
            epoch: int
        }

    /// The primary metric; NaN if it is not among the results.
    member verdict.Score: double = verdict.score

    /// True if no earlier epoch was as good.
    member verdict.IsNewBest: bool = verdict.isNewBest

    /// True if more than `patience` epochs have passed since the best one.
    member verdict.IsPatienceOver(patience: int) : bool =
        BestEpoch.isPatienceOver patience verdict.best verdict.epoch

/// Keys of accuracies in records.
module internal AccuracyKeys =

    /// The series with the number of the epoch.
    [<Literal>]
    let Epoch = "epoch"

    /// The key of a metric among a tester's results: its mean over label levels, its only level, or, of a loss, its name.
    let tryKeyOf (metric: string) (keys: string seq) : string voption =
        let average = "AVERAGE_" + metric

        if Seq.contains average keys then
            ValueSome average
        else
            keys
            |> Seq.tryFind (fun key -> key = metric || key.StartsWith(metric + "_level", StringComparison.Ordinal))
            |> ValueOption.ofOption

    /// The series of a result: its number, and numbers by class.
    let series (name: string) (accuracy: Accuracy) =
        [
            KeyValuePair(name, RecordValue.Number accuracy.Value)
            if accuracy.ByClass.Count > 0 then
                let values = [| for one in accuracy.ByClass -> one.Value |]
                KeyValuePair(name + "_by_class", RecordValue.Vector values)
        ]

/// Accuracies in a keeper's records: a group for each split and way to evaluate it, a record for each epoch.
[<Sealed>]
type AccuracyRecords
    /// <summary>The accuracies in a keeper.</summary>
    /// <param name="keeper">The keeper.</param>
    /// <param name="primaryMetric">The metric, or the tester's loss, that decides which epoch is best.</param>
    /// <param name="mode">The direction in which it improves.</param>
    (keeper: RecordKeeper, primaryMetric: string, mode: PlateauMode) =

    do
        ArgumentNullException.ThrowIfNull(keeper, nameof keeper)
        ArgumentNullException.ThrowIfNull(primaryMetric, nameof primaryMetric)

    /// <summary>The accuracies in a keeper, by a metric that is better the larger it is.</summary>
    /// <param name="keeper">The keeper.</param>
    /// <param name="primaryMetric">The metric that decides which epoch is best.</param>
    new(keeper: RecordKeeper, primaryMetric: string) = AccuracyRecords(keeper, primaryMetric, PlateauMode.Max)

    member private _.Scores(group: string) : struct (int * double) seq =
        match AccuracyKeys.tryKeyOf primaryMetric (keeper.Series group) with
        | ValueNone -> Seq.empty
        | ValueSome key ->
            let history = keeper.History(group, CsvTable.X, key)

            Seq.zip history[CsvTable.X] history[key]
            |> Seq.map (fun (epoch, score) -> struct (int epoch, score))

    /// Compares a split's results with earlier epochs: an epoch that is evaluated again is not compared with itself, and evaluations before
    /// training (negative epochs) do not count.
    member this.Judge(group: string, results: SplitResults) : Verdict =
        ArgumentNullException.ThrowIfNull(group, nameof group)
        ArgumentNullException.ThrowIfNull(results, nameof results)

        let before =
            this.Scores group
            |> Seq.filter (fun (struct (epoch, _)) -> epoch >= 0 && epoch < results.Epoch)
            |> BestEpoch.ofHistory mode Set.empty

        match AccuracyKeys.tryKeyOf primaryMetric results.Keys with
        | ValueNone ->
            {
                score = nan
                best = ValueNone
                isNewBest = false
                epoch = results.Epoch
            }
        | ValueSome key ->
            let score = results[key].Value

            {
                score = score
                best = BestEpoch.observe mode before results.Epoch score
                isNewBest = BestEpoch.isBetter mode before score
                epoch = results.Epoch
            }

    /// The record of a split's results in a group.
    member this.RecordOf(group: string, results: SplitResults) : Record =
        let bestEpoch, bestScore =
            match this.Judge(group, results).best with
            | ValueSome best -> RecordValue.Whole best.Epoch, best.Accuracy
            | ValueNone -> RecordValue.Number nan, nan

        {
            Group = group
            X = int64 results.Epoch
            Axis = RecordAxis.Epoch
            Series =
                [|
                    KeyValuePair(AccuracyKeys.Epoch, RecordValue.Whole results.Epoch)
                    for name in results.Keys do
                        yield! AccuracyKeys.series name results[name]
                    KeyValuePair("best_epoch", bestEpoch)
                    KeyValuePair("best_accuracy", RecordValue.Number bestScore)
                |]
        }

    /// <summary>The recorded accuracies of a group, with their <c>epoch</c>, by name; empty if there are none.</summary>
    /// <param name="group">The group.</param>
    /// <param name="metrics">Names of results, such as <c>precision_at_1_level0</c>, or of metrics; none for the primary metric.</param>
    /// <exception cref="System.ArgumentException">There is no accuracy of a name.</exception>
    member _.History
        (group: string, [<ParamArray>] metrics: string[])
        : IReadOnlyDictionary<string, IReadOnlyList<double>> =
        ArgumentNullException.ThrowIfNull(group, nameof group)
        ArgumentNullException.ThrowIfNull(metrics, nameof metrics)
        let known = keeper.Series group

        let names =
            (if metrics.Length = 0 then [| primaryMetric |] else metrics)
            |> Array.map (fun name ->
                if Seq.contains name known then
                    name
                else
                    AccuracyKeys.tryKeyOf name known |> ValueOption.defaultValue name)

        keeper.History(group, Array.append [| AccuracyKeys.Epoch |] names)

    /// The epoch with the best primary metric of a group, the first of equal ones, without ignored epochs (by default -1, the networks
    /// before training); null if there is none.
    member this.Best(group: string, ignoreEpoch: IReadOnlyCollection<int> | null) : Nullable<BestEpoch> =
        ArgumentNullException.ThrowIfNull(group, nameof group)

        let ignored =
            match ignoreEpoch with
            | null -> Set.singleton -1
            | given -> Set.ofSeq given

        match BestEpoch.ofHistory mode ignored (this.Scores group) with
        | ValueSome best -> Nullable best
        | ValueNone -> Nullable()

    /// The record of an epoch by name; empty if it was not evaluated.
    member _.OfEpoch(group: string, epoch: int) : IReadOnlyDictionary<string, double> =
        ArgumentNullException.ThrowIfNull(group, nameof group)
        let history = keeper.History group
        let found = Dictionary<string, double>()

        match history.TryGetValue AccuracyKeys.Epoch with
        | true, epochs ->
            match Seq.tryFindIndex ((=) (double epoch)) epochs with
            | Some row ->
                for entry in history do
                    found[entry.Key] <- entry.Value[row]
            | None -> ()
        | _ -> ()

        found
