namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open System.IO
open System.Threading
open Digits
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// How well pictures are found, and how long an iteration took.
type private Trial =
    {
        Scores: RetrievalScores
        Milliseconds: float
    }

/// Every loss and miner with its defaults: the same network, optimizer and batches, four samples of each class in a batch. Digits
/// whose classes were trained, and drawings of things that were not.
module ChoosingBenchmark =

    let private network (layers: int list) : torch.nn.Module<torch.Tensor, torch.Tensor> =
        let linear (inputs, outputs) : torch.nn.Module<torch.Tensor, torch.Tensor> =
            torch.nn.Linear(int64 inputs, int64 outputs)

        let all =
            [
                for inputs, outputs in List.pairwise layers do
                    linear (inputs, outputs)
                    torch.nn.ReLU()
            ]

        torch.nn.Sequential(List.take (all.Length - 1) all)

    let private now (clock: Clock) : TimeSpan =
        match clock with
        | Clock.Wall -> Stopwatch.GetElapsedTime 0L
        | Clock.Processor -> Environment.CpuUsage.TotalTime

    let private options (seed: int) (exercise: Exercise) (network: torch.nn.Module) (loss: Loss) (tried: Tried) =
        let labels = exercise.Train.Labels.data<int64>().ToArray()

        RunOptions(
            Models = Models(Trunk = network),
            LossFuncs = LossFuncs(MetricLoss = loss),
            Optimizers =
                Optimizers.Of
                    [
                        "trunk_optimizer", PureOptimizer.Adam 1e-3
                        if not (Seq.isEmpty (loss.parameters ())) then
                            "metric_loss_optimizer", PureOptimizer.Adam tried.LossRate
                    ],
            BatchSize = exercise.BatchSize,
            MiningFuncs = MiningFuncs(TupleMiner = Option.toObj tried.Miner),
            Dataset = TrainingData.FromTensors(exercise.Train.Pictures, labels),
            Sampler = MPerClassSampler(labels, 4, exercise.BatchSize, labels.LongLength),
            DataDevice = torch.CPU,
            DataloaderNumWorkers = 0,
            Seed = int64 seed
        )

    let private score (network: torch.nn.Module<torch.Tensor, torch.Tensor>) (test: DigitSet) : RetrievalScores =
        use _ = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        Retrieval.score (network.call test.Pictures) test.Labels

    // None where a step was refused because its numbers were not finite. The first epoch compiles, and is not timed.
    let private attempt (clock: Clock) (epochs: int) (exercise: Exercise) (tried: Tried) (seed: int) : Trial option =
        torch.manual_seed (int64 seed) |> ignore
        use network = network exercise.Layers
        let classes = exercise.Train.Labels.max().ToInt32() + 1
        use loss = tried.Loss classes

        use session =
            Session.Start(Setup.prepare MetricLossOnly.recipe (options seed exercise network loss tried))

        let trainTo (first: int) (last: int) =
            for _ in session.Train(Some first, last, CancellationToken.None) do
                ()

        try
            let timedFrom = min epochs 2

            if timedFrom > 1 then
                trainTo 1 1

            let steps, start = session.Progress.Steps, now clock
            trainTo timedFrom epochs
            let spent = (now clock - start).TotalMilliseconds

            Some
                {
                    Scores = score network exercise.Test
                    Milliseconds = spent / float (session.Progress.Steps - steps)
                }
        with :? NotFiniteNumberException ->
            None

    let private cells (scores: RetrievalScores list) : string =
        match scores with
        | [] -> "not finite | not finite"
        | scores ->
            $"{Report.spread (scores |> List.map _.PrecisionAt1)} | {Report.spread (scores |> List.map _.MapAtR)}"

    // Ordered by how well new things are found.
    let private row name (known: RetrievalScores list) (unseen: RetrievalScores list) (time: string) =
        let order =
            match unseen with
            | [] -> 0.0
            | unseen -> unseen |> List.averageBy _.MapAtR

        struct (order, $"| {name} | {cells known} | {cells unseen} | {time} |")

    let private table (what: string) (rows: struct (float * string) list) : string =
        String.Join(
            "\n",
            [
                $"| {what} | digits P@1 | digits MAP@R | new things P@1 | new things MAP@R | ms an iteration |"
                "|---|---|---|---|---|---|"
                yield!
                    rows
                    |> List.sortByDescending (fun struct (order, _) -> order)
                    |> List.map (fun struct (_, line) -> line)
            ]
        )

    /// Writes the tables whose names contain `only`, into a page as well where one is given.
    let run (clock: Clock) (quick: bool) (only: string) (page: string option) : unit =
        let threads = torch.get_num_threads ()
        torch.set_num_threads 1
        let digits, drawings = ChoosingData.digits (), ChoosingData.drawings ()
        let epochs, seeds = if quick then 1, [ 0 ] else 10, [ 0..2 ]

        let measured (tried: Tried) =
            let trials exercise =
                seeds |> List.choose (attempt clock epochs exercise tried)

            let known, unseen = trials digits, trials drawings

            let time =
                match known with
                | [] -> ""
                | known -> $"{known |> List.map _.Milliseconds |> List.min:F1}"

            row $"`{tried.Name}`" (known |> List.map _.Scores) (unseen |> List.map _.Scores) time

        let asPixels (exercise: Exercise) =
            [ Retrieval.score exercise.Test.Pictures exercise.Test.Labels ]

        let asMade (exercise: Exercise) =
            [
                for seed in seeds do
                    torch.manual_seed (int64 seed) |> ignore
                    use network = network exercise.Layers
                    score network exercise.Test
            ]

        let untrained =
            [
                row "*pixels*" (asPixels digits) (asPixels drawings) ""
                row "*the network before training*" (asMade digits) (asMade drawings) ""
            ]

        for name, what, choices, others in
            [
                "losses", "loss", TriedParts.losses, untrained
                "miners", "miner of `TripletMarginLoss(0.1)`", TriedParts.miners, []
                "settings", "other settings", TriedParts.settings, []
            ]
            |> List.filter (fun (name, _, _, _) -> name.Contains only) do
            let table = List.map measured choices @ others |> table what
            printfn "\n%s" table

            page
            |> Option.iter (fun path -> File.WriteAllText(path, MarkedPage.replace name table (File.ReadAllText path)))

        torch.set_num_threads threads
