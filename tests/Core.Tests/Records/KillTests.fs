/// Records of processes that are killed in the middle of their work.
module MetricLearning.Core.Tests.Records.KillTests

open System
open System.Collections.Generic
open System.Diagnostics
open System.IO
open System.Reflection
open System.Threading
open Expecto
open MetricLearning
open MetricLearning.Core.Tests.Support

/// The argument that makes the test program such a process.
[<Literal>]
let Argument = "--append-records"

let private openKeeper (folder: string) =
    RecordKeeper.InFolder(folder, Path.Combine(folder, "tensorboard"))

/// Appends records from x on for ever, and says each x when it is recorded.
let child (folder: string) (first: int64) : int =
    let keeper = openKeeper folder
    let mutable x = first

    while true do
        keeper.Append("g", x, [ KeyValuePair("value", float x) ])
        Console.Out.WriteLine x
        Console.Out.Flush()
        x <- x + 1L

    0

// The last x that the process said before it was killed.
let private lastBeforeKill (folder: string) (first: int64) (lines: int) : int64 =
    let host =
        match Environment.GetEnvironmentVariable "DOTNET_HOST_PATH" with
        | null -> "dotnet"
        | path -> path

    let start =
        ProcessStartInfo(host, [ Assembly.GetExecutingAssembly().Location; Argument; folder; string first ])

    start.RedirectStandardOutput <- true
    use killed = Process.Start start |> nonNull

    for _ in 2..lines do
        killed.StandardOutput.ReadLine() |> ignore

    // It is somewhere in the next record, or the one after it.
    Thread.SpinWait(lines * 9973 % 60000)
    killed.Kill()
    let rest = killed.StandardOutput.ReadToEnd()
    killed.WaitForExit()

    rest.Split('\n', StringSplitOptions.RemoveEmptyEntries)
    |> Array.map int64
    |> Array.fold max (first + int64 lines - 2L)

let private survives =
    testCase "what was recorded survives a kill, and the next process goes on" (fun () ->
        Folders.using (fun folder ->
            let mutable first = 0L

            for lines in [ 40; 3; 75; 12 ] do
                let last = lastBeforeKill folder first lines
                // The next process takes the run up again from a little before.
                first <- max 0L (last - 2L)

                let csv =
                    File.ReadAllLines(Path.Combine(folder, "g.csv"))
                    |> Array.skip 1
                    |> Array.map (fun line -> int64 (line.Split(',')[0]))

                let table =
                    SqliteShell.query (Path.Combine(folder, "logs.db")) "SELECT \"~iteration~\" FROM g ORDER BY id"
                    |> Array.map int64

                let shown =
                    (EventReader.shown (Path.Combine(folder, "tensorboard")))["g/value"]
                    |> List.map fst

                for name, found in [ "CSV", csv; "SQLite", table; "TensorBoard", Array.ofList shown ] do
                    Expect.isGreaterThanOrEqual found.Length (int last + 1) $"{name} has what was said, to {last}"
                    Expect.sequenceEqual found [| 0L .. found.LongLength - 1L |] $"{name} has each x once, in order"))

let tests = testList "killed" [ survives ]
