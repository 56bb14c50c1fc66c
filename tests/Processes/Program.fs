/// Law 11 over processes, really: a launcher of MPI starts them. `-- --np 2,4` tells how many, `-- --only law` what alone,
/// `-- --mpich` takes MPICH instead of Open MPI; `-- speed 2` measures.
module MetricLearning.ProcessTests.Program

open System
open System.Diagnostics
open System.IO
open MetricLearning
open MetricLearning.Core

let private workers: (string * (Processes -> unit)) list =
    [
        "collectives", Collectives.run
        "law", Law.run
        "precisions", Precisions.run
        "controls", Controls.run
        "failing", Failing.run
        "normalization", Normalization.run
        "evaluating", Evaluating.run
    ]

let private report (name: string) (count: int) (clock: Stopwatch) (passed: int) (failures: string list) : int * int =
    printfn "%s, %d processes: %d passed in %.0f s" name count passed clock.Elapsed.TotalSeconds

    for failure in failures do
        printfn "    FAILED: %s" failure

    passed, failures.Length

// The lines of all processes are counted; a job that does not end well is a failure.
let private startAs (arguments: string list) (engine: Engine) (count: int) (name: string) : int * int =
    let clock = Stopwatch.StartNew()
    use job = new Job(engine, count, "worker" :: arguments, [])
    let code = job.End()

    report
        name
        count
        clock
        (job.Said("passed").Length)
        [
            yield! List.distinct (job.Said "failed")
            if code <> 0 then
                $"ended with {code}; {job.Errors}"
        ]

let private start engine count name = startAs [ name ] engine count name

// Checkpoints of so many processes, and of so many others that go on from them.
let private elastic (engine: Engine) (count: int) : (int * int) list =
    [
        for writers in [ count; 1; count + 1 ] do
            let folder = Directory.CreateTempSubdirectory "processes"

            try
                startAs [ "write"; folder.FullName ] engine writers "checkpoints"

                for readers in List.distinct [ count; 1 ] do
                    startAs
                        [ "goOn"; folder.FullName; string (readers = writers) ]
                        engine
                        readers
                        $"going on from {writers}"
            finally
                folder.Delete true
    ]

let private ending (engine: Engine) (count: int) : int * int =
    let clock = Stopwatch.StartNew()

    let passed, failed =
        Ending.all engine count |> List.partition (fun (_, holds, _) -> holds)

    report "ending" count clock passed.Length [ for name, _, found in failed -> $"{name}: {found}" ]

// In turns, so that what else the machine does is shared fairly; the best of several.
let private compare (engine: Engine) (count: int) (name: string) (what: string) : unit =
    let best processes =
        use job = new Job(engine, processes, [ "worker"; name ], [])
        job.End() |> ignore
        job.Said "milliseconds" |> List.map float |> List.min

    let turns = [ for _ in 1..3 -> best 1, best count ]

    let alone, together =
        turns |> List.map fst |> List.min, turns |> List.map snd |> List.min

    printfn
        "%s, one thread each: %.1f ms alone, %.1f ms in %d processes: %.2f times"
        what
        alone
        together
        count
        (alone / together)

let private measure (engine: Engine) (count: int) : int =
    compare engine count "train" "an iteration of the pictures' network"
    compare engine count "tiles" "MultiSimilarityLoss of 8,192 samples with its gradients"

    use job = new Job(engine, count, [ "worker"; "exchange" ], [])
    job.End() |> ignore
    printfn "| %d processes on this machine | best, µs |" count
    printfn "|---|---|"

    for row in job.Said "row" do
        printfn "%s" row

    0

let private optionOf (name: string) (arguments: string list) : string option =
    arguments
    |> List.pairwise
    |> List.tryPick (fun (key, value) -> if key = name then Some value else None)

[<EntryPoint>]
let main arguments =
    match List.ofArray arguments with
    | [ "worker"; "victim" ] ->
        Ending.victim (Processes.Join())
        0
    | [ "worker"; "leaver" ] ->
        Ending.leaver (Processes.Join())
        0
    | [ "worker"; "write"; folder ] ->
        Elastic.write (Processes.Join()) folder
        0
    | [ "worker"; "goOn"; folder; wroteAsMany ] ->
        Elastic.goOn (Processes.Join()) folder (Boolean.Parse wroteAsMany)
        0
    | [ "worker"; "train" ] ->
        Speed.train (Processes.Join())
        0
    | [ "worker"; "tiles" ] ->
        Speed.tiles (Processes.Join())
        0
    | [ "worker"; "exchange" ] ->
        Speed.exchange (Processes.Join())
        0
    | [ "worker"; name ] ->
        (List.find (fst >> (=) name) workers |> snd) (Processes.Join())
        0
    | [ "speed"; count ] -> measure Engine.OpenMpi (int count)
    | more ->
        let engine =
            if List.contains "--mpich" more then
                Engine.Mpich
            else
                Engine.OpenMpi

        let counts =
            (optionOf "--np" more |> Option.defaultValue "2,3").Split ',' |> Array.map int

        let isWanted name =
            optionOf "--only" more |> Option.forall ((=) name)

        let results =
            [
                for count in counts do
                    for name, _ in workers do
                        if isWanted name then
                            start engine count name

                    if isWanted "elastic" then
                        yield! elastic engine count

                    if isWanted "ending" then
                        ending engine count
            ]

        let passed, failed = List.sumBy fst results, List.sumBy snd results
        printfn "%d passed, %d failed" passed failed
        if failed = 0 then 0 else 1
