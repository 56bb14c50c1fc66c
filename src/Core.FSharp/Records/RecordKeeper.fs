namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open System.Runtime.InteropServices

/// Keeps the records of a run: passes them to its writers, and reads what was recorded. The operating system has each record when the call
/// that made it returns; `Flush` forces all of them to disk. Threads may share it.
[<Sealed>]
type RecordKeeper
    internal (writers: IRecordWriter seq, history: IRecordHistory | null, names: GroupNames, saveLists: bool) =
    let gate = obj ()

    let memory = new MemoryRecords()

    let history =
        match history with
        | null -> memory :> IRecordHistory
        | given -> given

    let writers =
        [|
            yield! Arguments.noneNull (nameof writers) writers
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

    /// A keeper with writers of your own, which keeps the records in memory as well, for reading.
    new(writers: IRecordWriter seq) = new RecordKeeper(writers, null, GroupNames null, false)

    /// <summary>
    /// Records in files: <c>logs.db</c> (SQLite) and a CSV file for each group, and more where asked for. The folder of an interrupted run
    /// goes on without duplicates. Dispose the keeper after training. Of several processes that were joined (<c>Processes.Join</c>), the
    /// first writes the files, and the others keep records in memory.
    /// </summary>
    /// <param name="csvFolder">The folder of this run; created if missing.</param>
    /// <param name="tensorboardFolder">The folder of TensorBoard's event files; null for none.</param>
    /// <param name="globalDbPath">A database of many runs that gets the same records; null for none.</param>
    /// <param name="experimentName">The name of this run there.</param>
    /// <param name="isNewExperiment">A new folder is a new experiment, even if there is one of that name; otherwise it continues that one. A
    /// folder with records always continues.</param>
    /// <param name="saveLists">Keeps vectors, as text.</param>
    /// <exception cref="System.ArgumentException">There is a globalDbPath, and no experimentName.</exception>
    /// <exception cref="System.IO.IOException">A file in the way is something else, or cannot be written.</exception>
    static member InFolder
        (
            csvFolder: string,
            [<Optional; DefaultParameterValue(null: string | null)>] tensorboardFolder: string | null,
            [<Optional; DefaultParameterValue(null: string | null)>] globalDbPath: string | null,
            [<Optional; DefaultParameterValue(null: string | null)>] experimentName: string | null,
            [<Optional; DefaultParameterValue(true)>] isNewExperiment: bool,
            [<Optional; DefaultParameterValue(false)>] saveLists: bool
        ) : RecordKeeper =
        ArgumentException.ThrowIfNullOrEmpty(csvFolder, nameof csvFolder)

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

        if Processes.Joined.IsFirst then
            RecordKeeper.Open(csvFolder, tensorboardFolder, experiment, isNewExperiment, saveLists)
        else
            new RecordKeeper([], null, GroupNames null, saveLists)

    static member private Open
        (csvFolder: string, tensorboardFolder: string | null, experiment, isNewExperiment, saveLists)
        : RecordKeeper =
        let database = Path.Combine(csvFolder, "logs.db")
        let isNewRun = not (File.Exists database)
        let opened = ResizeArray<IRecordWriter>()

        try
            let names = GroupNames csvFolder
            let sqlite = new SqliteRecords(database)
            opened.Add sqlite
            opened.Add(new CsvRecords(csvFolder))

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

    /// Adds records of one moment, at most one of each group. Records of a group with this x or a larger one are dropped first: the run was
    /// resumed from before them.
    /// Raises ArgumentException for names that cannot be written, IOException when a file cannot be.
    member _.Append(records: Record seq) : unit =
        let prepared = Arguments.noneNull (nameof records) records |> Array.map prepare

        locked (fun () ->
            for writer in writers do
                writer.Append prepared)

    /// <summary>Adds one record of numbers.</summary>
    /// <param name="group">The group.</param>
    /// <param name="x">The place on the axis, usually the global iteration.</param>
    /// <param name="numbers">Numbers by the names of series.</param>
    /// <param name="axis">The count that x stands for.</param>
    member this.Append
        (
            group: string,
            x: int64,
            numbers: IEnumerable<KeyValuePair<string, double>>,
            [<Optional; DefaultParameterValue(RecordAxis.Iteration)>] axis: RecordAxis
        ) : unit =
        ArgumentNullException.ThrowIfNull(group, nameof group)
        ArgumentNullException.ThrowIfNull(numbers, nameof numbers)
        this.Append [ Record.ofNumbers group axis x numbers ]

    /// Replaces the record of the same group and x, if there is one; later ones stay.
    member _.Amend(record: Record) : unit =
        ArgumentNullException.ThrowIfNull(record, nameof record)
        let prepared = prepare record

        locked (fun () ->
            for writer in writers do
                writer.Amend prepared)

    /// Forces all records to disk, where they survive a power failure.
    member _.Flush() : unit =
        locked (fun () ->
            for writer in writers do
                writer.Flush())

    /// The groups that have records, in the order in which they came, by the names under which they are written.
    member _.Groups: IReadOnlyList<string> = locked (fun () -> history.Groups())

    /// The series of a group, in the order in which they came; none where there is no such group.
    member _.Series(group: string) : IReadOnlyList<string> =
        ArgumentNullException.ThrowIfNull(group, nameof group)
        locked (fun () -> history.Series(names.Shorten group))

    /// The records of a group by series, in the order of x; without names all series, and x as `~iteration~`. Missing values are NaN.
    /// Empty where there is no such group.
    /// Raises ArgumentException for a series that the group does not have.
    member _.History
        (group: string, [<ParamArray>] series: string[])
        : IReadOnlyDictionary<string, IReadOnlyList<double>> =
        ArgumentNullException.ThrowIfNull(group, nameof group)
        ArgumentNullException.ThrowIfNull(series, nameof series)

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
