/// Law 3, really: training processes are killed and starved of disk, and what they learn is what an uninterrupted
/// run learns, bit for bit. `-- --short` takes a minute at most; `-- --kills 1000` kills that many in all, and some more.
module MetricLearning.Interruption.Program

open System
open System.Diagnostics
open MetricLearning
open MetricLearning.Core

let private report (what: string) (case: Case) (found: Interrupted) : int * int =
    let passed = found.Checks |> List.filter snd |> List.length
    let failed = found.Checks.Length - passed

    let writing =
        if found.InWriting > 0 then
            $", {found.InWriting} of them in the middle of a checkpoint"
        else
            ""

    let did =
        if found.Starved > 0 then
            $"{found.Starved} processes could not save"
        else
            $"kills: {found.Kills}{writing}"

    let shown = 16

    let resumed =
        String.Join(", ", List.truncate shown found.ResumedAt)
        + (if found.ResumedAt.Length > shown then
               $", … ({found.ResumedAt.Length} times, at {(List.distinct found.ResumedAt).Length} different ones)"
           else
               "")

    printfn "%s, %s: %s; went on at iterations %s" case.Name what did resumed

    for check, holds in List.distinct found.Checks do
        if not holds then
            printfn "    FAILED: %s" check

    passed, failed

let private interruptAll (isShort: bool) (kills: int) (seed: int64) : int =
    let clock = Stopwatch.StartNew()
    let seed = Seed.ofInt64 seed

    let results =
        [
            for index, case in List.indexed Case.small do
                let reference = Interrupted.reference case
                let seed = seed.Derive("case", int64 index)

                report
                    "killed at random moments"
                    case
                    (Killing.atRandom (seed.Derive("random", 0L)) kills case reference)

                if not isShort || index = 0 then
                    report
                        "files may not be large enough"
                        case
                        (Starving.ofSpace (seed.Derive("space", 0L)) case reference)

            let reference = Interrupted.reference Case.large

            report
                "killed while it wrote a checkpoint"
                Case.large
                (Killing.inWriting (if isShort then 2 else 12) Case.large reference)
        ]

    let passed, failed = List.sumBy fst results, List.sumBy snd results
    printfn "in %.0f s, with one thread each" clock.Elapsed.TotalSeconds
    printfn "%d passed, %d failed" passed failed
    if failed = 0 then 0 else 1

let private optionOf (name: string) (arguments: string list) : string option =
    arguments
    |> List.pairwise
    |> List.tryPick (fun (key, value) -> if key = name then Some value else None)

[<EntryPoint>]
let main arguments =
    match List.ofArray arguments with
    | "victim" :: case :: folder :: more ->
        let onFailure =
            match optionOf "--on-failure" more with
            | Some "stop" -> OnFailure.Stop
            | _ -> OnFailure.Report

        Victim.run (Case.find case) folder (optionOf "--limit" more |> Option.map int64) onFailure
        0
    | more ->
        let seed = optionOf "--seed" more |> Option.map int64 |> Option.defaultValue 1L
        let isShort = List.contains "--short" more

        let kills =
            match optionOf "--kills" more with
            | Some total -> (int total + Case.small.Length - 1) / Case.small.Length
            | None -> if isShort then 1 else 8

        interruptAll isShort kills seed
