namespace MetricLearning.Core.Records

open MetricLearning
open System
open System.Collections.Generic
open MetricLearning.Core

/// What the results of a split mean, compared with those of the epochs before.
[<Struct>]
type Verdict =
    {
        /// The primary metric; NaN where it is not among the results.
        Score: double
        /// The best epoch so far, this one included.
        Best: Best voption
        /// Whether that is this one.
        IsNewBest: bool
    }

/// Accuracies in records: one group for each split and way to evaluate it, one record for each epoch.
module AccuracyRecords =

    /// Where the number of the epoch stands.
    [<Literal>]
    let Epoch = "epoch"

    /// Which of a tester's results says what a metric is: its mean over label levels, else that of the only level.
    let tryKeyOf (metric: string) (keys: string seq) : string voption =
        let average = "AVERAGE_" + metric

        if Seq.contains average keys then
            ValueSome average
        else
            keys
            |> Seq.tryFind _.StartsWith(metric + "_level", StringComparison.Ordinal)
            |> ValueOption.ofOption

    let private scores (keeper: RecordKeeper) (group: string) (key: string) : struct (int * double) seq =
        if keeper.Series group |> Seq.contains key then
            let history = keeper.History(group, CsvTable.X, key)

            Seq.zip history[CsvTable.X] history[key]
            |> Seq.map (fun (epoch, score) -> struct (int epoch, score))
        else
            Seq.empty

    /// The best epoch that a group has by a key of its results, without `ignored` epochs.
    let best (keeper: RecordKeeper) (group: string) (key: string) (ignored: int seq) : Best voption =
        scores keeper group key |> Best.ofHistory (Set.ofSeq ignored)

    /// What the results of a split mean. Compared with epochs before this one only, so that an epoch that is evaluated again
    /// is not compared with itself; what was evaluated before training (a negative epoch) does not count.
    let judge (keeper: RecordKeeper) (group: string) (metric: string) (results: SplitResults) : Verdict =
        match tryKeyOf metric results.Keys with
        | ValueNone ->
            {
                Score = nan
                Best = ValueNone
                IsNewBest = false
            }
        | ValueSome key ->
            let before =
                scores keeper group key
                |> Seq.filter (fun (struct (epoch, _)) -> epoch >= 0 && epoch < results.Epoch)
                |> Best.ofHistory Set.empty

            let score = results[key].Value

            {
                Score = score
                Best = Best.observe before results.Epoch score
                IsNewBest = Best.isBetter before score
            }

    let private series (name: string) (accuracy: Accuracy) =
        [
            KeyValuePair(name, RecordValue.Number accuracy.Value)
            if accuracy.ByClass.Count > 0 then
                let values = [| for one in accuracy.ByClass -> one.Value |]
                KeyValuePair(name + "_by_class", RecordValue.Vector values)
        ]

    /// The record of a split's results in a group.
    let record (keeper: RecordKeeper) (group: string) (metric: string) (results: SplitResults) : Record =
        let bestEpoch, bestScore =
            match (judge keeper group metric results).Best with
            | ValueSome best -> RecordValue.Whole best.Epoch, best.Score
            | ValueNone -> RecordValue.Number nan, nan

        {
            Group = group
            X = int64 results.Epoch
            Axis = RecordAxis.Epoch
            Series =
                [|
                    KeyValuePair(Epoch, RecordValue.Whole results.Epoch)
                    for name in results.Keys do
                        yield! series name results[name]
                    KeyValuePair("best_epoch", bestEpoch)
                    KeyValuePair("best_accuracy", RecordValue.Number bestScore)
                |]
        }

    /// The records of a test, a split each, in groups of these names by split.
    let ofTest
        (keeper: RecordKeeper)
        (groupOf: Func<string, string>)
        (metric: string)
        (splits: IReadOnlyDictionary<string, SplitResults>)
        : Record[] =
        [|
            for entry in splits -> record keeper (groupOf.Invoke entry.Key) metric entry.Value
        |]
