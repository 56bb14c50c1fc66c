namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open System.IO
open System.Threading
open Digits
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// How well digits are found, and how long an iteration took.
type private Trial =
    {
        Scores: RetrievalScores
        Milliseconds: float
    }

/// Every loss and miner with its defaults on the digits: the same network, optimizer and batches of four samples of each class.
/// Once all ten digits are learned and found; once seven are learned, and the other three found.
module ChoosingBenchmark =

    let private network () : torch.nn.Module<torch.Tensor, torch.Tensor> =
        let layers: torch.nn.Module<torch.Tensor, torch.Tensor> list =
            [
                torch.nn.Linear(64L, 128L)
                torch.nn.ReLU()
                torch.nn.Linear(128L, 64L)
                torch.nn.ReLU()
                torch.nn.Linear(64L, int64 TriedParts.size)
            ]

        torch.nn.Sequential layers

    let private onlyWhere (isWanted: int64 -> bool) (digits: DigitSet) : DigitSet =
        let rows =
            [|
                for row, label in Seq.indexed (digits.Labels.data<int64>().ToArray()) do
                    if isWanted label then
                        int64 row
            |]

        use rows = torch.tensor rows

        {
            Pictures = digits.Pictures.index_select (0L, rows)
            Labels = digits.Labels.index_select (0L, rows)
        }

    let private now (clock: Clock) : TimeSpan =
        match clock with
        | Clock.Wall -> Stopwatch.GetElapsedTime 0L
        | Clock.Processor -> Environment.CpuUsage.TotalTime

    let private options (seed: int) (train: DigitSet) (network: torch.nn.Module) (loss: Loss) (miner: Miner option) =
        let labels = train.Labels.data<int64>().ToArray()
        let batch = 4 * Array.length (Array.distinct labels)

        RunOptions(
            Models = Models(Trunk = network),
            LossFuncs = LossFuncs(MetricLoss = loss),
            Optimizers =
                Optimizers.Of
                    [
                        "trunk_optimizer", PureOptimizer.Adam 1e-3
                        if not (Seq.isEmpty (loss.parameters ())) then
                            "metric_loss_optimizer", PureOptimizer.Adam 1e-3
                    ],
            BatchSize = batch,
            MiningFuncs = MiningFuncs(TupleMiner = Option.toObj miner),
            Dataset = TrainingData.FromTensors(train.Pictures, labels),
            Sampler = MPerClassSampler(labels, 4, batch, labels.LongLength),
            DataDevice = torch.CPU,
            DataloaderNumWorkers = 0,
            Seed = int64 seed
        )

    let private classesOf (digits: DigitSet) =
        digits.Labels.data<int64>().ToArray() |> Array.distinct |> Array.length

    let private score (network: torch.nn.Module<torch.Tensor, torch.Tensor>) (test: DigitSet) : RetrievalScores =
        use _ = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        Retrieval.score (network.call test.Pictures) test.Labels

    // None where a step was refused because its numbers were not finite. The first epoch compiles, and is not timed.
    let private attempt clock (epochs: int) (train: DigitSet) (test: DigitSet) (tried: Tried) (seed: int) : Trial option =
        torch.manual_seed (int64 seed) |> ignore
        use network = network ()
        use loss = tried.Loss(classesOf train)

        use session =
            Session.Start(Setup.prepare MetricLossOnly.recipe (options seed train network loss tried.Miner))

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
                    Scores = score network test
                    Milliseconds = spent / float (session.Progress.Steps - steps)
                }
        with :? NotFiniteNumberException ->
            None

    let private spread (values: float list) : string =
        let mean = List.average values

        let deviation =
            if values.Length < 2 then
                0.0
            else
                sqrt ((values |> List.sumBy (fun value -> pown (value - mean) 2)) / float (values.Length - 1))

        $"{mean:F3} ± {deviation:F3}"

    let private row (tried: Tried) (known: Trial option list) (unseen: Trial option list) : struct (float * string) =
        match List.choose id known, List.choose id unseen with
        | known, unseen when known.IsEmpty || unseen.IsEmpty -> struct (0.0, $"| `{tried.Name}` | not finite | | | |")
        | known, unseen ->
            let precision = known |> List.map _.Scores.PrecisionAt1 |> spread
            let map = known |> List.map _.Scores.MapAtR |> spread
            let mapOfUnseen = unseen |> List.map _.Scores.MapAtR
            let time = known |> List.map _.Milliseconds |> List.min

            struct (List.average mapOfUnseen,
                    $"| `{tried.Name}` | {precision} | {map} | {spread mapOfUnseen} | {time:F1} |")

    let private table (what: string) (rows: struct (float * string) list) : string =
        String.Join(
            "\n",
            [
                $"| {what} | P@1 | MAP@R | MAP@R, new classes | ms an iteration |"
                "|---|---|---|---|---|"
                yield!
                    rows
                    |> List.sortByDescending (fun struct (score, _) -> score)
                    |> List.map (fun struct (_, line) -> line)
            ]
        )

    /// Writes the tables of losses and of miners, into a page as well where one is given.
    let run (clock: Clock) (quick: bool) (page: string option) : unit =
        let threads = torch.get_num_threads ()
        torch.set_num_threads 1
        let train, test = Data.load ()
        let learned, unseen = onlyWhere (fun digit -> digit < 7L) train, onlyWhere (fun digit -> digit >= 7L) test
        let epochs, seeds = if quick then 1, [ 0 ] else 10, [ 0..2 ]

        let measure (tried: Tried) =
            row
                tried
                (seeds |> List.map (attempt clock epochs train test tried))
                (seeds |> List.map (attempt clock epochs learned unseen tried))

        for name, what, choices in
            [
                "losses", "loss", TriedParts.losses
                "miners", "miner of `TripletMarginLoss(0.1)`", TriedParts.miners
            ] do
            let table = choices |> List.map measure |> table what
            printfn "\n%s" table

            page
            |> Option.iter (fun path ->
                File.WriteAllText(path, MarkedPage.replace name table (File.ReadAllText path)))

        torch.set_num_threads threads
