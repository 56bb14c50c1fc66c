namespace MetricLearning.Benchmarks

open System
open System.IO

/// The tables of docs/performance.md, measured and written into the page.
module PageReport =

    /// The page, from the root of the repository.
    let page = "docs/performance.md"

    // In the order of the page. The clock on the wall, except where a difference is so small that other work on the machine would hide
    // it.
    let private tables: (string * (bool -> unit)) list =
        [
            "iteration", (fun quick -> IterationBenchmark.run Clock.Wall quick "")
            "fused", (fun quick -> FusedBenchmark.run Clock.Processor quick "")
            "averages", (fun quick -> AverageBenchmark.run Clock.Processor quick "")
            "trainers", (fun quick -> TrainerBenchmark.run Clock.Wall quick "")
            "synthesis", SynthesisBenchmark.run Clock.Wall
            "triplets", TripletBenchmark.run Clock.Wall
            "neighbours", NeighbourBenchmark.run Clock.Wall
            "loader", LoaderBenchmark.run Clock.Wall
            "memory", MemoryBenchmark.run
            "soak", SoakBenchmark.run
            "records", RecordBenchmark.run Clock.Processor
            "losses", (fun quick -> LossBenchmark.run Clock.Processor quick "")
            "calls", (fun _ -> CallsBenchmark.run false)
        ]

    let private measured (quick: bool) (measure: bool -> unit) : string =
        let sections = Report.during (fun () -> measure quick)

        let briefly =
            if quick then
                " Measured briefly, to try the command: not to be relied on."
            else
                ""

        String.Join(
            "\n\n",
            [
                for section in sections do
                    section.ToMarkdown()

                $"*{Host.description ()}.{briefly}*"
            ]
        )

    /// Measures the tables whose names contain `only` and writes each into the page as soon as it is there. Raises
    /// InvalidDataException where the page has other tables.
    let run (quick: bool) (only: string) (page: string) : unit =
        MarkedPage.expectTables (List.map fst tables) (File.ReadAllText page)

        let chosen =
            tables
            |> List.filter (fun (name, _) -> name.Contains(only, StringComparison.Ordinal))

        if chosen.IsEmpty then
            let names = String.Join(", ", List.map fst tables)
            raise (ArgumentException $"No table has \"{only}\" in its name. The tables are {names}.")

        for name, measure in chosen do
            let table = measured quick measure
            File.WriteAllText(page, MarkedPage.replace name table (File.ReadAllText page))
