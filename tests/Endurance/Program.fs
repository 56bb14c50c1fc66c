/// What only shows after many tries. Each takes how many of them.
module MetricLearning.Endurance.Program

open System

let private usage =
    "Usage: Endurance files COUNT | pictures COUNT | calls COUNT [SEED] | soak ITERATIONS"

[<EntryPoint>]
let main arguments =
    let passed =
        match arguments with
        | [| "files"; count |] -> Some(DamagedFiles.run (int count))
        | [| "pictures"; count |] -> Some(DamagedPictures.run (int count))
        | [| "calls"; count |] -> Some(Calls.run 8L (int count))
        | [| "calls"; count; seed |] -> Some(Calls.run (int64 seed) (int count))
        | [| "calls-of"; seed; first; count; journal |] ->
            Calls.inThisProcess (int64 seed) (int first) (int count) journal
            Some true
        | [| "soak"; count |] -> Some(Soak.run (int count))
        | _ -> None

    match passed with
    | Some true -> 0
    | Some false -> 1
    | None ->
        Console.Error.WriteLine usage
        2
