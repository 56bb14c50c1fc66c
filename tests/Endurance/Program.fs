/// What only shows after many tries. Each takes how many of them.
module MetricLearning.Endurance.Program

open System

let private usage = "Usage: Endurance files COUNT | calls COUNT | soak ITERATIONS"

[<EntryPoint>]
let main arguments =
    let passed =
        match arguments with
        | [| "files"; count |] -> Some(DamagedFiles.run (int count))
        | [| "calls"; count |] -> Some(Calls.run (int count))
        | [| "calls-of"; first; count; journal |] ->
            Calls.inThisProcess (int first) (int count) journal
            Some true
        | [| "soak"; count |] -> Some(Soak.run (int count))
        | _ -> None

    match passed with
    | Some true -> 0
    | Some false -> 1
    | None ->
        Console.Error.WriteLine usage
        2
