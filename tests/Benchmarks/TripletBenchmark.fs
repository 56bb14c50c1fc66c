namespace MetricLearning.Benchmarks

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// The triplet margin loss over all triplets of a batch, against the same on a list of them.
module TripletBenchmark =

    let private size = 64L
    let private perClass = 32L
    let private margin = 0.05

    let private batch (rows: int64) : struct (torch.Tensor * torch.Tensor) =
        torch.manual_seed 1L |> ignore
        let embeddings = torch.randn (rows, size, requires_grad = true)
        struct (embeddings, torch.arange(rows).floor_divide(torch.tensor perClass))

    let private listed (embeddings: torch.Tensor) (labels: torch.Tensor) : unit =
        use _ = torch.NewDisposeScope()
        embeddings.grad <- null
        let struct (a, p, n) = Tuples.allTriplets labels null
        let unit = torch.nn.functional.normalize (embeddings, 2.0, 1L)
        let distances = torch.cdist (unit, unit)
        let values = (distances.index (a, p) - distances.index (a, n) + margin).relu()
        let counted = values.gt(0.0.ToScalar()).sum().clamp_min(1.0.ToScalar())
        (values.sum () / counted).backward()

    let private ranked (embeddings: torch.Tensor) (labels: torch.Tensor) : unit =
        use _ = torch.NewDisposeScope()
        embeddings.grad <- null

        use loss = new TripletMarginLoss(margin = margin)

        loss.Compute(embeddings, labels).backward()

    /// The variants whose memory is compared, each in a process of its own: name and work.
    let variants: (string * (unit -> unit)) list =
        [
            for name, loss in [ "listed", listed; "ranked", ranked ] do
                for rows in [ 128L; 256L; 512L ] do
                    $"{name}-{rows}",
                    fun () ->
                        let struct (embeddings, labels) = batch rows
                        loss embeddings labels
            "ranked-few",
            fun () ->
                let struct (embeddings, labels) = batch (2L * perClass)
                ranked embeddings labels
        ]

    // As the table calls a batch.
    let private name (rows: int64) : string =
        $"{rows:N0} rows, {rows * (perClass - 1L) * (rows - perClass):N0} triplets"

    // Above what the process holds for a batch of two classes.
    let private memory (rows: int64) : unit =
        let idle = PeakMemory.ofProcess "ranked-few"
        let ours = PeakMemory.ofProcess $"ranked-{rows}" - idle
        let byHand = PeakMemory.ofProcess $"listed-{rows}" - idle

        Report.line
            {
                Name = $"{name rows}, peak memory"
                Ours = Report.megabytes ours
                Baseline = Report.megabytes byHand
                Ratio = float ours / float byHand
                Spread = None
                Target = if rows = 512L then Some 0.05 else None
            }

    // A trainer's whole iteration against the network and its optimizer alone. Of 8 classes a batch has 16 rows each.
    let private mined (clock: Clock) (quick: bool) : unit =
        let workload =
            { Workload.wide with
                Iterations = if quick then 2 else 20
            }

        let struct (data, _) = Workload.data workload
        let labels = torch.randint (8L, [| data.size 0 |])
        let choice = Workload.choices.Head
        let network = Workload.start workload

        use alone =
            new HandWritten(
                [ network ],
                [ choice.Torch(network.parameters ()) ],
                [ data.clone () ],
                labels.clone (),
                Workload.batchSize,
                fun inputs _ -> (network.call inputs.Head).square().mean()
            )

        use trained =
            Trained.withMiner
                (Some(MultiSimilarityMiner()))
                (Workload.start workload)
                (new TripletMarginLoss())
                choice
                data
                labels
                Workload.batchSize

        Interleaved.compare
            clock
            workload.Name
            (Some 1.5)
            workload.Iterations
            (if quick then 2 else 10)
            (if quick then 0.0 else 8.0)
            trained.Epoch
            alone.Epoch
        |> Report.line

    let private alone (rows: int64) : unit =
        let struct (embeddings, labels) = batch rows
        use _ = embeddings
        use _ = labels
        let watch = Diagnostics.Stopwatch.StartNew()
        ranked embeddings labels
        Report.row [ name rows; Report.time watch.Elapsed ]

    /// Batches with 32 rows a class.
    let run (clock: Clock) (quick: bool) : unit =
        Report.compare $"All triplets, {perClass} rows a class, {clock} time" "library" "listed"

        let compared = if quick then [ 128L ] else [ 128L; 256L; 512L ]

        for rows in compared do
            let struct (embeddings, labels) = batch rows
            use _ = embeddings
            use _ = labels
            let target = if rows = 512L then Some 0.1 else None
            let rounds, seconds = if quick then 2, 0.0 else 10, 4.0

            Interleaved.compare
                clock
                (name rows)
                target
                1
                rounds
                seconds
                (fun () -> ranked embeddings labels)
                (fun () -> listed embeddings labels)
            |> Report.line

            memory rows

        if not quick then
            for rows in [ 4096L; 8192L ] do
                alone rows

        Report.compare
            $"Iteration with mined triplets, batch {Workload.batchSize}, {clock} time"
            "library"
            "no miner, no loss"

        mined clock quick
