namespace MetricLearning

open System
open System.Collections.Generic

/// The count that the x of a record stands for.
type RecordAxis =
    /// Iterations over all epochs, from 0.
    | Iteration = 0
    /// Epochs, from 1.
    | Epoch = 1

/// A value of a series: a number, a text, or several numbers.
[<RequireQualifiedAccess; NoComparison>]
type RecordValue =
    internal
    | Whole of int64
    | Number of double
    | Text of string
    | Vector of IReadOnlyList<double>

    /// The number; null for texts and several numbers. NaN is kept as a missing value.
    member value.AsNumber: Nullable<double> =
        match value with
        | RecordValue.Whole number -> Nullable(double number)
        | RecordValue.Number number -> Nullable number
        | RecordValue.Text _
        | RecordValue.Vector _ -> Nullable()

    /// The text; null for numbers.
    member value.AsText: string | null =
        match value with
        | RecordValue.Text text -> text
        | _ -> null

    /// The numbers of a list; null for other values.
    member value.AsNumbers: IReadOnlyList<double> | null =
        match value with
        | RecordValue.Vector numbers -> numbers
        | _ -> null

    /// Several numbers as a value: kept as text where lists are saved, otherwise left out.
    static member OfNumbers(numbers: IReadOnlyList<double>) : RecordValue =
        ArgumentNullException.ThrowIfNull(numbers, nameof numbers)
        RecordValue.Vector numbers

    /// A number as a value.
    static member op_Implicit(value: double) : RecordValue = RecordValue.Number value

    /// A whole number as a value.
    static member op_Implicit(value: int64) : RecordValue = RecordValue.Whole value

    /// A text as a value.
    static member op_Implicit(value: string) : RecordValue = RecordValue.Text value

/// The values of the series of one group at one x.
type Record =
    {
        /// The group: a table, a file, a folder of charts.
        Group: string
        /// The place on the axis.
        X: int64
        /// The count that x stands for.
        Axis: RecordAxis
        /// Names and values, in the order of the columns.
        Series: IReadOnlyList<KeyValuePair<string, RecordValue>>
    }

module internal Record =

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

    /// The record as it is written: a vector of one number is that number, longer ones stay only where lists are saved.
    /// Raises ArgumentException for names that are empty, reserved or there twice.
    let prepare (saveLists: bool) (record: Record) : Record =
        checkName "group" record.Group
        ArgumentNullException.ThrowIfNull(record.Series, "series")
        let names = HashSet StringComparer.OrdinalIgnoreCase

        for series in record.Series do
            checkName "series" series.Key
            ArgumentNullException.ThrowIfNull(series.Value, "series")

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
