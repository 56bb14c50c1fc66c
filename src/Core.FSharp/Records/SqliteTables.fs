namespace MetricLearning

open System
open System.Collections.Generic
open System.Data
open System.Globalization
open Microsoft.Data.Sqlite

/// The part of a shared database that belongs to one run.
type internal Experiment =
    {
        /// The condition on its rows.
        Where: string
        /// Columns of its rows besides x and series.
        Columns: (string * objnull) list
    }

/// The tables of a database of records: one for each group, a row for each x.
[<Sealed>]
type internal SqliteTables(connection: SqliteConnection, experiment: Experiment) =
    let tables = Dictionary<string, Dictionary<string, string>>()
    let inserts = Dictionary<string, SqliteCommand>()
    let lasts = Dictionary<string, int64 voption>()

    /// A name in a statement.
    static member Quote(name: string) : string =
        "\"" + name.Replace("\"", "\"\"") + "\""

    /// Runs a statement.
    static member Execute(connection: SqliteConnection, statement: string) : unit =
        use command = connection.CreateCommand()
        command.CommandText <- statement
        command.ExecuteNonQuery() |> ignore

    member private _.Describe(group: string) : Dictionary<string, string> =
        let found = Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        use command = connection.CreateCommand()
        command.CommandText <- $"PRAGMA table_info({SqliteTables.Quote group})"
        use reader = command.ExecuteReader()

        while reader.Read() do
            let name = reader.GetString 1
            found[name] <- name

        tables[group] <- found
        found

    /// The columns of a group's table by name; none where there is no such table.
    member this.Columns(group: string) : IReadOnlyDictionary<string, string> =
        match tables.TryGetValue group with
        | true, known when known.Count > 0 -> known
        | _ -> this.Describe group

    /// The groups that have rows of this experiment, in the order of their tables.
    member _.Groups() : string[] =
        let ask (statement: string) (read: SqliteDataReader -> 'T) : 'T[] =
            use command = connection.CreateCommand()
            command.CommandText <- statement
            use reader = command.ExecuteReader()

            [|
                while reader.Read() do
                    read reader
            |]

        ask
            $"SELECT name FROM sqlite_master WHERE type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(sqlite_master.name) WHERE name = '{CsvTable.X}') ORDER BY rowid"
            _.GetString(0)
        |> Array.filter (fun table ->
            let rows =
                ask $"SELECT EXISTS (SELECT 1 FROM {SqliteTables.Quote table} WHERE {experiment.Where})" _.GetInt64(0)

            rows[0] = 1L)

    static member private TypeOf(value: RecordValue) : string =
        match value with
        | RecordValue.Whole _ -> "INTEGER"
        | RecordValue.Number _ -> "REAL"
        | RecordValue.Text _
        | RecordValue.Vector _ -> "TEXT"

    /// Makes the table and the columns that a record needs. Within a transaction, since other processes may do the same.
    member this.Prepare(record: Record) : unit =
        let table = SqliteTables.Quote record.Group

        let lacks (columns: IReadOnlyDictionary<string, string>) =
            columns.Count = 0
            || record.Series |> Seq.exists (fun series -> not (columns.ContainsKey series.Key))

        if lacks (this.Columns record.Group) then
            let known = this.Describe record.Group

            if known.Count = 0 then
                let others =
                    experiment.Columns
                    |> List.map (fun (name, _) -> $", {name} INTEGER")
                    |> String.concat ""

                SqliteTables.Execute(
                    connection,
                    $"CREATE TABLE {table} (id INTEGER PRIMARY KEY AUTOINCREMENT{others}, \"{CsvTable.X}\" INTEGER)"
                )

            for series in record.Series do
                if not (known.ContainsKey series.Key) then
                    let column = $"{SqliteTables.Quote series.Key} {SqliteTables.TypeOf series.Value}"
                    SqliteTables.Execute(connection, $"ALTER TABLE {table} ADD COLUMN {column}")

            this.Describe record.Group |> ignore

        let columns = this.Columns record.Group

        for series in record.Series do
            if columns[series.Key] <> series.Key then
                invalidArg
                    "series"
                    $"The group \"{record.Group}\" has a series \"{columns[series.Key]}\" already; \"{series.Key}\" differs only in case, which tables do not tell apart."

    /// The largest x of a group.
    member this.Last(group: string) : int64 voption =
        match lasts.TryGetValue group with
        | true, last -> last
        | _ when (this.Columns group).Count = 0 -> ValueNone
        | _ ->
            use command = connection.CreateCommand()

            command.CommandText <-
                $"SELECT MAX(\"{CsvTable.X}\") FROM {SqliteTables.Quote group} WHERE {experiment.Where}"

            match command.ExecuteScalar() with
            | :? int64 as last -> ValueSome last
            | _ -> ValueNone

    /// Forgets what is known of tables: a transaction was undone.
    member _.Forget() : unit =
        tables.Clear()
        lasts.Clear()

    /// Deletes a group's rows whose x fulfils a condition such as ">= 7".
    member _.Delete(group: string, condition: string) : unit =
        SqliteTables.Execute(
            connection,
            $"DELETE FROM {SqliteTables.Quote group} WHERE {experiment.Where} AND \"{CsvTable.X}\" {condition}"
        )

        lasts.Remove group |> ignore

    static member private Parameter(value: RecordValue) : objnull =
        match value with
        | RecordValue.Whole number -> box number
        | RecordValue.Number number when Double.IsNaN number -> box DBNull.Value
        | RecordValue.Number number -> box number
        | RecordValue.Text text -> box text
        | RecordValue.Vector _ -> box (CsvTable.cell value)

    /// Adds a row.
    member this.Insert(record: Record, transaction: SqliteTransaction) : unit =
        let names = [ for series in record.Series -> SqliteTables.Quote series.Key ]
        let key = record.Group + "\n" + String.Join("\n", names)

        let command =
            match inserts.TryGetValue key with
            | true, known -> known
            | _ ->
                let columns =
                    List.map fst experiment.Columns @ [ SqliteTables.Quote CsvTable.X ] @ names

                let places = columns |> List.mapi (fun place _ -> $"$p{place}")
                let command = connection.CreateCommand()

                command.CommandText <-
                    $"""INSERT INTO {SqliteTables.Quote record.Group} ({String.Join(", ", columns)}) VALUES ({String.Join(", ", places)})"""

                for place in places do
                    command.Parameters.Add(SqliteParameter(place, null)) |> ignore

                inserts[key] <- command
                command

        let values: objnull list =
            [
                yield! List.map snd experiment.Columns
                yield box record.X
                for series in record.Series do
                    yield SqliteTables.Parameter series.Value
            ]

        values
        |> List.iteri (fun place value -> command.Parameters[place].Value <- value)

        command.Transaction <- transaction
        command.ExecuteNonQuery() |> ignore

        lasts[record.Group] <-
            match this.Last record.Group with
            | ValueSome last -> ValueSome(max last record.X)
            | ValueNone -> ValueSome record.X

    /// The rows of a group.
    member _.Read(group: string, series: IReadOnlyList<string>) : struct (int64[] * double[][]) =
        use command = connection.CreateCommand()

        let columns =
            Seq.append [ CsvTable.X ] series
            |> Seq.map SqliteTables.Quote
            |> String.concat ", "

        command.CommandText <-
            $"SELECT {columns} FROM {SqliteTables.Quote group} WHERE {experiment.Where} ORDER BY \"{CsvTable.X}\", id"

        let number (reader: IDataRecord) (column: int) =
            match reader.GetValue column with
            | :? double as number -> number
            | :? int64 as number -> double number
            | _ -> nan

        use reader = command.ExecuteReader()
        let places = ResizeArray<int64>()
        let values = [| for _ in series -> ResizeArray<double>() |]

        while reader.Read() do
            places.Add(Convert.ToInt64(reader.GetValue 0, CultureInfo.InvariantCulture))

            values
            |> Array.iteri (fun column found -> found.Add(number reader (column + 1)))

        struct (places.ToArray(), [| for found in values -> found.ToArray() |])

    interface IDisposable with
        member _.Dispose() =
            for command in inserts.Values do
                command.Dispose()
