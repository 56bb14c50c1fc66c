namespace MetricLearning.Interruption

open System
open System.Diagnostics
open System.IO

/// What came of interrupting one case.
type Interrupted =
    {
        /// What was checked, in words, and whether it held.
        Checks: (string * bool) list
        /// How often a process was killed while it trained.
        Kills: int
        /// How often one was killed in the middle of writing a checkpoint.
        InWriting: int
        /// How many processes could not write checkpoints.
        Starved: int
        /// The iterations at which processes went on.
        ResumedAt: int64 list
    }

/// Interrupting runs: each ends with a process that is left alone, whose last state must be that of a run that nobody
/// interrupted.
module Interrupted =

    /// Nothing was done yet.
    let nothing: Interrupted =
        {
            Checks = []
            Kills = 0
            InWriting = 0
            Starved = 0
            ResumedAt = []
        }

    let check (what: string) (holds: bool) (found: Interrupted) : Interrupted =
        { found with
            Checks = found.Checks @ [ what, holds ]
        }

    /// A process of a case that works in a folder.
    let start (case: Case) (folder: string) (more: string list) : Running =
        new Running([ "victim"; case.Name; folder ] @ more)

    /// Where the process went on, if it came that far.
    let resumed (running: Running) (found: Interrupted) : Interrupted =
        match running.Said "from" with
        | null -> found
        | steps ->
            { found with
                ResumedAt = found.ResumedAt @ [ Int64.Parse steps ]
            }

    /// The end of a run that nobody interrupts and that saves nothing, in this process; and how long it trained.
    let reference (case: Case) : string * TimeSpan =
        Folder.within (fun folder ->
            Directory.CreateDirectory folder |> ignore
            let clock = Stopwatch.StartNew()
            Victim.train case ignore folder, clock.Elapsed)

    let private ending = "its end is that of an uninterrupted run"

    /// A process that has ended by itself.
    let ended (expected: string) (running: Running) (found: Interrupted) : Interrupted =
        let said = running.Said "done"

        if isNull said then
            eprintfn "%s" running.Errors

        check ending (said = expected) found

    /// A process that is left alone.
    let finish (case: Case) (expected: string) (folder: string) (found: Interrupted) : Interrupted =
        use running = start case folder []
        running.WaitForEnd()
        found |> resumed running |> ended expected running
