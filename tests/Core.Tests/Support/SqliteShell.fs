/// Reads databases with the `sqlite3` shell, or, where it is not installed, with another connection.
module MetricLearning.Core.Tests.Support.SqliteShell

open System
open System.ComponentModel
open System.Diagnostics
open Microsoft.Data.Sqlite

let private shell (path: string) (query: string) : string[] option =
    try
        let start =
            ProcessStartInfo("sqlite3", [ "-batch"; "-noheader"; "-separator"; "|"; path; query ])

        start.RedirectStandardOutput <- true
        use shell = Process.Start start |> nonNull
        let output = shell.StandardOutput.ReadToEnd()
        shell.WaitForExit()

        if shell.ExitCode <> 0 then
            failwith $"sqlite3 ended with {shell.ExitCode}"

        Some(output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
    with :? Win32Exception ->
        None

let private connection (path: string) (query: string) : string[] =
    use connection = new SqliteConnection($"Data Source={path};Pooling=False")
    connection.Open()
    use command = connection.CreateCommand()
    command.CommandText <- query
    use reader = command.ExecuteReader()

    [|
        while reader.Read() do
            String.Join(
                '|',
                [|
                    for column in 0 .. reader.FieldCount - 1 -> string (reader.GetValue column)
                |]
            )
    |]

/// The rows that a query finds, with `|` between their columns.
let query (path: string) (query: string) : string[] =
    shell path query |> Option.defaultWith (fun () -> connection path query)
