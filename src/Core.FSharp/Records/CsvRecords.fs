namespace MetricLearning

open System
open System.Collections.Generic
open System.Globalization
open System.IO
open System.Text
open Microsoft.Win32.SafeHandles

/// The file of one group, open for as long as records come. No buffer lies between a record and the operating system.
[<Sealed>]
type private CsvFile(path: string) =
    let utf8 = UTF8Encoding false
    let mutable handle: SafeFileHandle | null = null
    let mutable length = 0L
    let mutable columns: string[] = [||]
    let mutable last: int64 voption = ValueNone

    let close () =
        match handle with
        | null -> ()
        | opened -> opened.Dispose()

        handle <- null

    let replace (table: CsvTable) =
        close ()
        let bytes = utf8.GetBytes(CsvTable.render table)
        DurableFile.Write(path, fun stream -> stream.Write(ReadOnlySpan bytes))

    let parsed () =
        CsvTable.parse path (File.ReadAllText(path, utf8))

    let adopt (table: CsvTable) =
        columns <- table.Columns

        last <-
            if table.Rows.Length = 0 then
                ValueNone
            else
                ValueSome(table.Rows |> Seq.map fst |> Seq.max)

    let opened () : SafeFileHandle =
        match handle with
        | NonNull opened -> opened
        | _ ->
            let opened =
                File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite ||| FileShare.Delete)

            handle <- opened
            length <- RandomAccess.GetLength opened
            opened

    let rewrite (change: CsvTable -> CsvTable) =
        let table = change (parsed ())
        replace table
        adopt table

    // Missing cells are empty.
    let widen (record: Record) =
        let missing =
            [|
                for series in record.Series do
                    if not (Array.contains series.Key columns) then
                        series.Key
            |]

        if missing.Length > 0 then
            let empty = Array.create missing.Length ""

            rewrite (fun table ->
                { table with
                    Columns = Array.append table.Columns missing
                    Rows = [| for x, cells in table.Rows -> x, Array.append cells empty |]
                })

    let cells (record: Record) =
        let values =
            dict [ for series in record.Series -> series.Key, CsvTable.cell series.Value ]

        [|
            for column in columns ->
                match values.TryGetValue column with
                | true, cell -> cell
                | _ -> ""
        |]

    do
        if File.Exists path && FileInfo(path).Length > 0L then
            let table = parsed ()

            if not table.IsWhole then
                replace table

            adopt table
        else
            replace
                {
                    Columns = [||]
                    Rows = [||]
                    IsWhole = true
                }

    member _.Append(record: Record) : unit =
        match last with
        | ValueSome last when record.X <= last ->
            rewrite (fun table ->
                { table with
                    Rows = table.Rows |> Array.filter (fun (x, _) -> x < record.X)
                })
        | _ -> ()

        widen record

        let row =
            Seq.append [ record.X.ToString CultureInfo.InvariantCulture ] (cells record)

        let bytes = utf8.GetBytes(CsvTable.line row)
        let file = opened ()

        try
            RandomAccess.Write(file, ReadOnlySpan bytes, length)
        with _ ->
            RandomAccess.SetLength(file, length)
            reraise ()

        length <- length + bytes.LongLength
        last <- ValueSome record.X

    member _.Amend(record: Record) : unit =
        widen record
        let row = record.X, cells record

        rewrite (fun table ->
            { table with
                Rows =
                    table.Rows
                    |> Array.filter (fun (x, _) -> x <> record.X)
                    |> Array.append [| row |]
                    |> Array.sortBy fst
            })

    member _.Flush() : unit =
        match handle with
        | null -> ()
        | opened -> RandomAccess.FlushToDisk opened

    interface IDisposable with
        member _.Dispose() = close ()

/// Records as CSV files, one for each group: `GROUP.csv` with a header of `~iteration~` and the series, and a row for each
/// record. A series that comes later becomes a column on the right; there is one header. A line that a killed process
/// did not finish is removed.
[<Sealed>]
type CsvRecords(folder: string) =
    let files = Dictionary<string, CsvFile>()

    do
        ArgumentException.ThrowIfNullOrEmpty(folder, nameof folder)
        Directory.CreateDirectory folder |> ignore

    let invalid =
        set (Path.GetInvalidFileNameChars()) + set [ '/'; '\\'; ':'; '*'; '?' ]

    let fileOf (group: string) =
        match files.TryGetValue group with
        | true, file -> file
        | _ ->
            let name =
                group
                |> String.map (fun letter -> if invalid.Contains letter then '-' else letter)

            let file = new CsvFile(Path.Combine(folder, name + ".csv"))
            files[group] <- file
            file

    interface IRecordWriter with
        member _.Append records =
            for record in records do
                (fileOf record.Group).Append record

        member _.Amend record = (fileOf record.Group).Amend record

        member _.Flush() =
            for file in files.Values do
                file.Flush()

        member _.Dispose() =
            for file in files.Values do
                (file :> IDisposable).Dispose()

            files.Clear()
