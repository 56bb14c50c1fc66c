namespace MetricLearning.Core.Records

open System
open System.Collections.Generic
open MetricLearning.Core

/// Accuracies in records: one group for each split and way to evaluate it, one record for each epoch.
module AccuracyRecords =

    /// Where the number of the epoch stands.
    [<Literal>]
    let Epoch = "epoch"

    /// Which of a tester's results decides about a metric: its mean over label levels, else that of the only level.
    /// Raises ArgumentException when there is none.
    let keyOf (metric: string) (keys: string seq) : string =
        let average = "AVERAGE_" + metric

        if Seq.contains average keys then
            average
        else
            match keys |> Seq.tryFind _.StartsWith(metric + "_level", StringComparison.Ordinal) with
            | Some key -> key
            | None ->
                let known = String.Join(", ", keys)

                invalidArg
                    (nameof metric)
                    $"There is no accuracy \"{metric}\"; there are {known}. Let the accuracy calculator include it, or choose another primary metric."

    /// The best epoch that a group has by a key of its results, without `ignored` epochs.
    let best (keeper: RecordKeeper) (group: string) (key: string) (ignored: int seq) : Best voption =
        if keeper.Series group |> Seq.contains key |> not then
            ValueNone
        else
            let history = keeper.History(group, CsvTable.X, key)

            Seq.zip history[CsvTable.X] history[key]
            |> Seq.map (fun (epoch, score) -> struct (int epoch, score))
            |> Best.ofHistory (Set.ofSeq ignored)

    /// The best epoch before this one.
    let bestBefore (keeper: RecordKeeper) (group: string) (key: string) (epoch: int) : Best voption =
        if keeper.Series group |> Seq.contains key |> not then
            ValueNone
        else
            let history = keeper.History(group, CsvTable.X, key)

            Seq.zip history[CsvTable.X] history[key]
            |> Seq.filter (fun (other, _) -> other < float epoch && other >= 0.0)
            |> Seq.map (fun (epoch, score) -> struct (int epoch, score))
            |> Best.ofHistory Set.empty

    /// The record of an epoch's results, with the best epoch so far.
    let record
        (group: string)
        (epoch: int)
        (results: IEnumerable<KeyValuePair<string, RecordValue>>)
        (best: Best voption)
        : Record =
        let bestEpoch, bestScore =
            match best with
            | ValueSome best -> RecordValue.Whole best.Epoch, RecordValue.Number best.Score
            | ValueNone -> RecordValue.Number nan, RecordValue.Number nan

        {
            Group = group
            X = int64 epoch
            Axis = RecordAxis.Epoch
            Series =
                [|
                    KeyValuePair(Epoch, RecordValue.Whole epoch)
                    for result in results do
                        if result.Key <> Epoch then
                            result
                    KeyValuePair("best_epoch", bestEpoch)
                    KeyValuePair("best_accuracy", bestScore)
                |]
        }
