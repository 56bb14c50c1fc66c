/// Processes that are killed, stopped or end: the job ends with a message, and nobody waits for ever.
module MetricLearning.ProcessTests.Ending

open System
open System.Diagnostics
open System.Threading
open MetricLearning
open MetricLearning.Core

/// Trains until it is ended; tells its number, and that it trains.
let victim (processes: Processes) : unit =
    processes.WaitLimit <- TimeSpan.FromSeconds 3.0
    use session = Cases.start processes Cases.all[0]
    let mutable isTold = false

    for _ in session.Train(None, Int32.MaxValue, CancellationToken.None) do
        if not isTold then
            isTold <- true
            Checks.tell "trains" $"{processes.Rank} {Environment.ProcessId}"

/// One process leaves with an exception that nobody catches.
let leaver (processes: Processes) : unit =
    use session = Cases.start processes Cases.all[0]

    for _ in session.Train(None, Int32.MaxValue, CancellationToken.None) do
        if not processes.IsFirst && session.Progress.Steps = 5L then
            failwith "nobody catches this"

let private signal (name: string) (id: string) =
    use kill = Process.Start("kill", [ $"-{name}"; id ])
    kill.WaitForExit()

let private ended
    (engine: Engine)
    (count: int)
    (name: string)
    (signalled: string)
    (says: string)
    : (string * bool * string) =
    use job = new Job(engine, count, [ "worker"; "victim" ], [])

    for rank in 0 .. count - 1 do
        job.WaitFor $"trains {rank}"

    let clock = Stopwatch.StartNew()

    for told in job.Said $"trains {count - 1}" do
        signal signalled told

    let code = job.End()
    let output = job.Errors
    name, code <> 0 && output.Contains says, $"ended with {code} after {clock.Elapsed.TotalSeconds:F0} s: {output}"

/// All of them, with what was found.
let all (engine: Engine) (count: int) : (string * bool * string) list =
    [
        ended engine count "a process is killed" "KILL" ""
        ended engine count "a process hangs" "STOP" "has waited 3 s for the others"
        (use job = new Job(engine, count, [ "worker"; "leaver" ], [])
         let code = job.End()
         "an exception that nobody catches", code <> 0 && job.Errors.Contains "nobody catches this", job.Errors)
    ]
