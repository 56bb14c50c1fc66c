module MetricLearning.Parity.Program

open System.IO
open TorchSharp

let private sections: Section list =
    [
        Losses.section
        Miners.section
        Reducers.section
        Samplers.section
        Accuracy.section
        Trainers.section
        TrainerErrors.section
    ]

// Files of other names are not ours to judge, but are not passed over in silence.
let private noteUnknownFiles (folder: string) : unit =
    let known = "differences" :: (sections |> List.map _.File)

    for path in Directory.GetFiles(folder, "*.json") do
        if not (List.contains (Path.GetFileNameWithoutExtension path) known) then
            printfn $"note: %s{Path.GetFileName path} is not a file this program knows"

let private runAll (options: Options) : int =
    let folder = options.Folder
    noteUnknownFiles folder
    let differences = Differences.load folder

    let reports =
        [
            for section in sections do
                if
                    Option.forall ((=) section.File) options.Only
                    && File.Exists(Path.Combine(folder, $"%s{section.File}.json"))
                then
                    let report = Section.load section folder |> Report.ofCases differences section.File
                    Report.print report
                    report
        ]

    let different = reports |> List.sumBy _.Different
    printfn $"%d{List.sumBy Report.numbers reports} numbers compared"
    printfn $"%d{different} cases of differences.json not compared: each has a test of its own"
    printfn $"%s{Report.counts reports}"

    let isFailed = reports |> List.exists (fun report -> Report.failed report > 0)
    let isSkipped = reports |> List.exists (fun report -> Report.skipped report > 0)

    if isFailed || (isSkipped && not options.IsPartial) then
        1
    else
        0

[<EntryPoint>]
let main arguments =
    // The fixtures were made with float64 as the default.
    torch.set_default_dtype torch.float64

    match Options.parse (List.ofArray arguments) with
    | Some options when options.IsSelfTest -> if SelfTest.run sections options.Folder then 0 else 1
    | Some options -> runAll options
    | None ->
        eprintfn $"%s{Options.usage}"
        2
