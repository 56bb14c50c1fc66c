namespace MetricLearning

open System
open System.Collections.Generic
open System.IO

/// Records for TensorBoard: numbers with the tag `GROUP/SERIES`, those by iteration in the folder itself and those by epoch in its
/// folder `epochs`, because TensorBoard counts all steps of a folder alike. Texts and lists are left out.
[<Sealed>]
type TensorBoardRecords(folder: string) =
    do ArgumentException.ThrowIfNullOrEmpty(folder, nameof folder)
    let iterations = new EventFile(folder)
    let epochs = new EventFile(Path.Combine(folder, "epochs"))
    // The largest x so far by axis, of earlier processes only whether there was any; and the groups that have it.
    let lasts =
        [|
            (if iterations.GoesOn then Int64.MaxValue else -1L)
            (if epochs.GoesOn then Int64.MaxValue else -1L)
        |]

    let written = [| HashSet<string>(); HashSet<string>() |]

    let fileOf (axis: RecordAxis) =
        if axis = RecordAxis.Epoch then epochs else iterations

    let tagged (record: Record) =
        [
            for series in record.Series do
                match series.Value with
                | RecordValue.Number number -> struct ($"{record.Group}/{series.Key}", number)
                | RecordValue.Whole number -> struct ($"{record.Group}/{series.Key}", double number)
                | RecordValue.Text _
                | RecordValue.Vector _ -> ()
        ]

    interface IRecordWriter with
        member _.Append records =
            for axis, records in Seq.groupBy _.Axis records do
                for x, records in Seq.groupBy _.X records do
                    let file = fileOf axis

                    let last, groups = lasts[int axis], written[int axis]

                    let isAgain =
                        x = last && records |> Seq.exists (fun record -> groups.Contains record.Group)

                    if x < last || isAgain then
                        file.Restart x

                    if x <> last || isAgain then
                        groups.Clear()

                    lasts[int axis] <- x
                    groups.UnionWith(records |> Seq.map _.Group)
                    file.Write(x, Seq.collect tagged records)

        member _.Amend record =
            (fileOf record.Axis).Write(record.X, tagged record)

        member _.Flush() =
            iterations.Flush()
            epochs.Flush()

        member _.Dispose() =
            (iterations :> IDisposable).Dispose()
            (epochs :> IDisposable).Dispose()
