namespace MetricLearning.Core.Records

open MetricLearning
open System
open System.Collections.Generic

/// What the x of a record counts.
type RecordAxis =
    /// Iterations over all epochs, from 0.
    | Iteration = 0
    /// Epochs, from 1.
    | Epoch = 1

/// What a series says at one x.
[<RequireQualifiedAccess>]
type RecordValue =
    /// A whole number.
    | Whole of int64
    /// Any number; NaN is kept as a missing value.
    | Number of double
    /// Words.
    | Text of string
    /// Several numbers: kept as text where lists are saved, else left out.
    | Vector of IReadOnlyList<double>

    /// A number as a value.
    static member op_Implicit(value: double) : RecordValue = RecordValue.Number value

    /// A whole number as a value.
    static member op_Implicit(value: int64) : RecordValue = RecordValue.Whole value

    /// Words as a value.
    static member op_Implicit(value: string) : RecordValue = RecordValue.Text value

/// What the series of one group say at one x.
type Record =
    {
        /// What is recorded: a table, a file, a folder of charts.
        Group: string
        /// Where on the axis.
        X: int64
        /// What x counts.
        Axis: RecordAxis
        /// Names and values, in the order of the columns.
        Series: IReadOnlyList<KeyValuePair<string, RecordValue>>
    }

/// Making records.
module Record =

    /// A record of numbers by name.
    let ofNumbers (group: string) (axis: RecordAxis) (x: int64) (numbers: KeyValuePair<string, double> seq) : Record =
        {
            Group = group
            X = x
            Axis = axis
            Series =
                [|
                    for number in numbers -> KeyValuePair(number.Key, RecordValue.Number number.Value)
                |]
        }

    let private reserved = set [ "id"; "~iteration~"; "experiment_id" ]

    let private checkName (what: string) (name: string) : unit =
        if String.IsNullOrWhiteSpace name || Seq.exists Char.IsControl name then
            invalidArg what $"\"{name}\" cannot be the name of a {what}: it must have letters and no line breaks."

    /// As it is written: a vector of one number is that number, longer ones stay only where lists are saved.
    /// Raises ArgumentException for names that are empty, reserved or there twice.
    let prepare (saveLists: bool) (record: Record) : Record =
        checkName "group" record.Group
        let names = HashSet StringComparer.OrdinalIgnoreCase

        for series in record.Series do
            checkName "series" series.Key

            if reserved.Contains(series.Key.ToLowerInvariant()) then
                invalidArg
                    "series"
                    $"\"{series.Key}\" cannot be the name of a series: the records have a column of that name already."

            if not (names.Add series.Key) then
                invalidArg
                    "series"
                    $"The group \"{record.Group}\" has \"{series.Key}\" twice; names that differ only in case count as one."

        { record with
            Series =
                [|
                    for series in record.Series do
                        match series.Value with
                        | RecordValue.Vector numbers when numbers.Count = 1 ->
                            KeyValuePair(series.Key, RecordValue.Number numbers[0])
                        | RecordValue.Vector _ when not saveLists -> ()
                        | _ -> series
                |]
        }
