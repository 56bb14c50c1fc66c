namespace MetricLearning

open System
open System.Collections.Generic

/// A destination of records. A writer of your own implements the three methods, for example to show records on a page.
/// It is called by one thread at a time.
type IRecordWriter =
    inherit IDisposable

    /// Adds records, at most one of each group. Records of a group with this x or a larger one are dropped first: the run was
    /// resumed from before them. When this returns, the operating system has the records, and they survive the end of the process.
    abstract Append: records: IReadOnlyList<Record> -> unit

    /// Replaces the record of the same group and x, if there is one; later ones stay.
    abstract Amend: record: Record -> unit

    /// Forces everything to disk, where it survives a power failure.
    abstract Flush: unit -> unit

/// Records that can be read.
type IRecordHistory =
    /// The groups that have records, in the order in which they came.
    abstract Groups: unit -> IReadOnlyList<string>

    /// The series of a group, in the order in which they came; none where there is no such group.
    abstract Series: group: string -> IReadOnlyList<string>

    /// The x of each record of a group, ascending, and for each of the series (which must exist) its numbers at these x: NaN
    /// where one is missing or no number.
    abstract Read: group: string * series: IReadOnlyList<string> -> struct (int64[] * double[][])

/// Records in memory, for as long as the process lives.
[<Sealed>]
type MemoryRecords() =
    let groups = Dictionary<string, SortedList<int64, Record>>()
    // A dictionary promises no order.
    let names = List<string>()

    let recordsOf (group: string) =
        match groups.TryGetValue group with
        | true, records -> records
        | _ -> SortedList()

    let put (record: Record) =
        let records = recordsOf record.Group

        if not (groups.ContainsKey record.Group) then
            names.Add record.Group

        records[record.X] <- record
        groups[record.Group] <- records

    let number (record: Record) (series: string) =
        record.Series
        |> Seq.tryPick (fun entry ->
            match entry.Value with
            | RecordValue.Number number when entry.Key = series -> Some number
            | RecordValue.Whole number when entry.Key = series -> Some(double number)
            | _ -> None)
        |> Option.defaultValue nan

    interface IRecordWriter with
        member _.Append records =
            for record in records do
                let known = recordsOf record.Group

                while known.Count > 0 && known.GetKeyAtIndex(known.Count - 1) >= record.X do
                    known.RemoveAt(known.Count - 1)

                put record

        member _.Amend record = put record
        member _.Flush() = ()
        member _.Dispose() = ()

    interface IRecordHistory with
        member _.Groups() = names.ToArray()

        member _.Series group =
            [|
                for record in (recordsOf group).Values do
                    for series in record.Series -> series.Key
            |]
            |> Array.distinct
            :> IReadOnlyList<string>

        member _.Read(group, series) =
            let records = recordsOf group

            struct (Array.ofSeq records.Keys,
                    [|
                        for name in series -> [| for record in records.Values -> number record name |]
                    |])
