namespace MetricLearning

open System
open System.IO
open Microsoft.Data.Sqlite

/// Records in a SQLite database: a table for each group with the columns `id`, `~iteration~` and one for each series.
/// The write-ahead log holds each record when `Append` returns; `Flush` forces it to disk.
[<Sealed>]
type SqliteRecords private (connection: SqliteConnection, experiment: Experiment) =
    let tables = new SqliteTables(connection, experiment)

    // A full disk is an IOException everywhere.
    let inTransaction (act: SqliteTransaction -> unit) =
        try
            use transaction = connection.BeginTransaction()
            act transaction
            transaction.Commit()
        with
        | :? SqliteException as error ->
            tables.Forget()
            raise (IOException($"Records cannot be written to \"{connection.DataSource}\": {error.Message}", error))
        | _ ->
            tables.Forget()
            reraise ()

    static member private Open(path: string) : SqliteConnection =
        match Path.GetDirectoryName(Path.GetFullPath path) with
        | null -> ()
        | folder -> Directory.CreateDirectory folder |> ignore

        let settings = SqliteConnectionStringBuilder(DataSource = path, Pooling = false)
        let connection = new SqliteConnection(settings.ConnectionString)

        try
            connection.Open()
            SqliteTables.Execute(connection, "PRAGMA journal_mode = WAL")
            SqliteTables.Execute(connection, "PRAGMA synchronous = NORMAL")
            connection
        with error ->
            connection.Dispose()

            match error with
            | :? SqliteException ->
                raise (IOException($"\"{path}\" cannot be opened as a database of records: {error.Message}", error))
            | _ -> reraise ()

    /// The database of one run, which is made if it is missing.
    /// Raises IOException when the file is something else.
    new(path: string) = new SqliteRecords(SqliteRecords.Open path, { Where = "1"; Columns = [] })

    /// The part of a database of many runs that belongs to one experiment: rows have its `experiment_id`, and the table
    /// `experiment_ids` names it. A new experiment may have the name of an older one; one that is not new goes on with the
    /// newest of its name. Several processes may write at a time.
    static member OfExperiment(path: string, name: string, isNew: bool) : SqliteRecords =
        if String.IsNullOrWhiteSpace name then
            invalidArg (nameof name) "A database of many runs needs the name of this one: give experimentName."

        let connection = SqliteRecords.Open path

        try
            use transaction = connection.BeginTransaction()

            SqliteTables.Execute(
                connection,
                "CREATE TABLE IF NOT EXISTS experiment_ids (id INTEGER PRIMARY KEY AUTOINCREMENT, experiment_name TEXT, has_records INTEGER)"
            )

            let ask (statement: string) =
                use command = connection.CreateCommand()
                command.CommandText <- statement
                command.Parameters.AddWithValue("$name", name) |> ignore

                match command.ExecuteScalar() with
                | :? int64 as id -> Some id
                | _ -> None

            let add () =
                ask "INSERT INTO experiment_ids (experiment_name, has_records) VALUES ($name, 0) RETURNING id"

            let known =
                if isNew then
                    None
                else
                    ask "SELECT MAX(id) FROM experiment_ids WHERE experiment_name = $name"

            let id = known |> Option.orElseWith add |> Option.get
            transaction.Commit()

            new SqliteRecords(
                connection,
                {
                    Where = $"experiment_id = {id}"
                    Columns = [ "experiment_id", box id ]
                }
            )
        with _ ->
            connection.Dispose()
            reraise ()

    member private _.MarkExperiment() =
        for name, id in experiment.Columns do
            if name = "experiment_id" then
                SqliteTables.Execute(
                    connection,
                    $"UPDATE experiment_ids SET has_records = 1 WHERE id = {id} AND has_records = 0"
                )

    interface IRecordWriter with
        member this.Append records =
            inTransaction (fun transaction ->
                for record in records do
                    tables.Prepare record

                    match tables.Last record.Group with
                    | ValueSome last when record.X <= last -> tables.Delete(record.Group, $">= {record.X}")
                    | _ -> ()

                    tables.Insert(record, transaction)

                this.MarkExperiment())

        member _.Amend record =
            inTransaction (fun transaction ->
                tables.Prepare record
                tables.Delete(record.Group, $"= {record.X}")
                tables.Insert(record, transaction))

        member _.Flush() =
            SqliteTables.Execute(connection, "PRAGMA wal_checkpoint(PASSIVE)")

        member _.Dispose() =
            (tables :> IDisposable).Dispose()
            connection.Dispose()

    interface IRecordHistory with
        member _.Groups() = tables.Groups()

        member _.Series group =
            [|
                for column in (tables.Columns group).Values do
                    if column <> "id" && column <> "experiment_id" && column <> CsvTable.X then
                        column
            |]

        member _.Read(group, series) = tables.Read(group, series)
