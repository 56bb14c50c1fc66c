namespace MetricLearning.Core.Records

open MetricLearning
open System
open System.Collections.Generic
open System.IO

/// Keeps the records of a run: hands them to its writers, and answers what was recorded. Each record is the operating
/// system's when the call that made it returns; `Flush` forces all of them to disk. Threads may share it.
[<Sealed>]
type RecordKeeper(writers: IRecordWriter seq, history: IRecordHistory | null, names: GroupNames, saveLists: bool) =
    let gate = obj ()

    let memory = new MemoryRecords()

    let history =
        match history with
        | null -> memory :> IRecordHistory
        | given -> given

    let writers =
        [|
            yield! writers
            if obj.ReferenceEquals(history, memory) then
                memory :> IRecordWriter
        |]

    let mutable isDisposed = false

    let prepare (record: Record) =
        Record.prepare
            saveLists
            { record with
                Group = names.Shorten record.Group
            }

    let locked (act: unit -> 'T) : 'T =
        lock gate (fun () ->
            ObjectDisposedException.ThrowIf(isDisposed, typeof<RecordKeeper>)
            act ())

    /// Records go to writers of your own, and stay in memory for the questions.
    new(writers: IRecordWriter seq) = new RecordKeeper(writers, null, GroupNames null, false)

    /// Records in files: `logs.db` (SQLite) and a CSV file for each group in `folder`, TensorBoard's event files in
    /// `tensorboardFolder`, and in the database `globalDbPath` those of many runs, this one as `experimentName`; null for none
    /// of these. A folder is one run: one that was interrupted goes on in it. `isNewExperiment`: whether a new folder is a new
    /// experiment of the global database, even if it has one of this name. `saveLists`: whether vectors are kept, as text.
    /// Raises ArgumentException for a global database without the name of the experiment, IOException when a file there is something
    /// else.
    static member InFolder
        (
            folder: string,
            tensorboardFolder: string | null,
            globalDbPath: string | null,
            experimentName: string | null,
            isNewExperiment: bool,
            saveLists: bool
        ) : RecordKeeper =
        ArgumentException.ThrowIfNullOrEmpty(folder, nameof folder)

        let experiment =
            match globalDbPath with
            | null -> None
            | path ->
                match experimentName with
                | null ->
                    invalidArg
                        (nameof experimentName)
                        "A database of many runs needs the name of this one: give experimentName."
                | name -> Some struct (path, name)

        let database = Path.Combine(folder, "logs.db")
        let isNewRun = not (File.Exists database)
        let opened = ResizeArray<IRecordWriter>()

        try
            let names = GroupNames folder
            let sqlite = new SqliteRecords(database)
            opened.Add sqlite
            opened.Add(new CsvRecords(folder))

            match tensorboardFolder with
            | null -> ()
            | folder -> opened.Add(new TensorBoardRecords(folder))

            match experiment with
            | Some(struct (path, name)) ->
                opened.Add(SqliteRecords.OfExperiment(path, name, isNewExperiment && isNewRun))
            | None -> ()

            new RecordKeeper(opened, sqlite, names, saveLists)
        with _ ->
            for writer in opened do
                writer.Dispose()

            reraise ()

    /// Adds records of one moment, at most one of each group. Where a group has records with this x or a larger one already,
    /// a run was taken up again from before them: they are dropped first.
    /// Raises ArgumentException for names that cannot be written, IOException when a file cannot be.
    member _.Append(records: Record seq) : unit =
        let prepared = records |> Seq.map prepare |> Seq.toArray

        locked (fun () ->
            for writer in writers do
                writer.Append prepared)

    /// Adds one record of numbers.
    member this.Append
        (group: string, x: int64, numbers: IEnumerable<KeyValuePair<string, double>>, axis: RecordAxis)
        : unit =
        this.Append [ Record.ofNumbers group axis x numbers ]

    /// Adds one record of numbers at a global iteration.
    member this.Append(group: string, x: int64, numbers: IEnumerable<KeyValuePair<string, double>>) : unit =
        this.Append(group, x, numbers, RecordAxis.Iteration)

    /// Puts a record in the place of the one of its group and x, if there is one; later ones stay.
    member _.Amend(record: Record) : unit =
        let prepared = prepare record

        locked (fun () ->
            for writer in writers do
                writer.Amend prepared)

    /// Forces all records to disk, where they survive a power failure.
    member _.Flush() : unit =
        locked (fun () ->
            for writer in writers do
                writer.Flush())

    /// The series of a group, in the order in which they came; none where there is no such group.
    member _.Series(group: string) : IReadOnlyList<string> =
        locked (fun () -> history.Series(names.Shorten group))

    /// What was recorded of a group, by series, in the order of x; without names all series, and x as `~iteration~`. NaN stands
    /// for what is missing. Empty where there is no such group.
    /// Raises ArgumentException for a series that the group does not have.
    member _.History
        (group: string, [<ParamArray>] series: string[])
        : IReadOnlyDictionary<string, IReadOnlyList<double>> =
        locked (fun () ->
            let group = names.Shorten group
            let known = history.Series group
            let found = Dictionary<string, IReadOnlyList<double>>()

            if known.Count > 0 then
                let wanted = if series.Length = 0 then Array.ofSeq known else series

                for name in wanted do
                    if name <> CsvTable.X && not (Seq.contains name known) then
                        let all = String.Join(", ", known)
                        invalidArg (nameof series) $"\"{group}\" has no series \"{name}\"; it has {all}."

                let struct (places, values) =
                    history.Read(group, wanted |> Array.filter ((<>) CsvTable.X))

                if series.Length = 0 || Array.contains CsvTable.X series then
                    found[CsvTable.X] <- Array.map double places

                wanted
                |> Array.filter ((<>) CsvTable.X)
                |> Array.iteri (fun column name -> found[name] <- values[column])

            found)

    /// Closes the files.
    member _.Dispose() : unit =
        lock gate (fun () ->
            if not isDisposed then
                isDisposed <- true

                for writer in writers do
                    writer.Dispose())

    interface IDisposable with
        member this.Dispose() = this.Dispose()
