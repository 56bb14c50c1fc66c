namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open System.Globalization
open System.IO

/// What practitioners reach for, with and without it: samples/Pictures as a user starts it, several seeds of each. Things are found that
/// were never trained on.
module PracticeBenchmark =

    let private program = "samples/Pictures/bin/Release/net10.0/Pictures.dll"

    // In words, and as the sample's options.
    let private choices: (string * string list) list =
        [
            "as it is", []
            "average of weights (EMA)", [ "--average"; "ema" ]
            "hard negatives over all pictures", [ "--negatives"; "hard" ]
            "bfloat16", [ "--precision"; "BFloat16" ]
            "bfloat16, EMA", [ "--precision"; "BFloat16"; "--average"; "ema" ]
            "two views with classes: SupCon", [ "--views"; "supcon" ]
            "two views without classes: SimCLR", [ "--views"; "simclr" ]
            "two views without classes: VICReg", [ "--views"; "vicreg" ]
            "two views without classes: MoCo", [ "--views"; "moco" ]
        ]

    // The sample's last line is for scripts: P@1 0.887 R-precision 0.601 MAP@R 0.540.
    let private scores (options: string list) : struct (float * float) =
        if not (File.Exists program) then
            raise (
                FileNotFoundException
                    $"There is no {program}. Build first: dotnet build -c Release, and start at the root."
            )

        let folder = Directory.CreateTempSubdirectory "practice-"

        try
            let start =
                ProcessStartInfo(
                    "dotnet",
                    [ program; "--evaluate-every"; "0"; "--out"; folder.FullName ] @ options,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true
                )

            use run = nonNull (Process.Start start)
            let errors = run.StandardError.ReadToEndAsync()
            let last = run.StandardOutput.ReadToEnd().Trim().Split('\n') |> Array.last
            run.WaitForExit()

            if run.ExitCode <> 0 then
                invalidOp $"""{String.Join(' ', options)}: {errors.Result}"""

            let words = last.Split ' '

            let after (name: string) =
                Double.Parse(words[1 + Array.IndexOf(words, name)], CultureInfo.InvariantCulture)

            struct (after "P@1", after "MAP@R")
        finally
            folder.Delete true

    let private row (epochs: int) (seeds: int list) (quick: bool) (name: string, options: string list) : string =
        let found =
            [
                for seed in seeds do
                    scores (
                        options
                        @ [ "--epochs"; string epochs; "--seed"; string seed ]
                        @ (if quick then [ "--classes"; "60" ] else [])
                    )
            ]

        let precision = Report.spread [ for struct (precision, _) in found -> precision ]
        let map = Report.spread [ for struct (_, map) in found -> map ]

        let line =
            $"""| {name} | `{String.Join(' ', options)}` | {precision} | {map} |""".Replace("``", "")

        Console.Error.WriteLine line
        line

    /// Writes a table of the choices whose names contain `only`, into a page as well where one is given.
    let run (quick: bool) (only: string) (page: string option) : unit =
        let epochs, seeds = if quick then 1, [ 0 ] else 20, [ 0..2 ]

        let table =
            String.Join(
                "\n",
                [
                    "| | options | P@1 | MAP@R |"
                    "|---|---|---|---|"
                    for choice in choices do
                        if (fst choice).Contains(only, StringComparison.OrdinalIgnoreCase) then
                            row epochs seeds quick choice
                ]
            )

        printfn "\n%s" table

        page
        |> Option.iter (fun path ->
            File.WriteAllText(path, MarkedPage.replace "practice" table (File.ReadAllText path)))
