namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open TorchSharp
open MetricLearning

/// Losses of batches whose distance matrix does not fit: the memory and the time of one, forward and backward, and where
/// both forms fit, how much longer tiles take than the whole matrix.
module TileBenchmark =

    let private size = 128L
    let private perClass = 32L
    let private large (quick: bool) : int64 = if quick then 2048L else 32768L
    let private small (quick: bool) : int64 = if quick then 1024L else 4096L

    /// Losses by name, for so many classes.
    let private losses: (string * (int -> Loss)) list =
        [
            "NTXent", (fun _ -> new NTXentLoss())
            "SupCon", (fun _ -> new SupConLoss())
            "Contrastive", (fun _ -> new ContrastiveLoss())
            "MultiSimilarity", (fun _ -> new MultiSimilarityLoss())
            "Circle", (fun _ -> new CircleLoss())
            "TripletMargin", (fun _ -> new TripletMarginLoss())
            "Margin", (fun _ -> new MarginLoss())
            "LiftedStructure", (fun _ -> new LiftedStructureLoss())
            "ProxyAnchor", (fun classes -> new ProxyAnchorLoss(classes, int size))
            "ArcFace", (fun classes -> new ArcFaceLoss(classes, int size))
        ]

    let private learnsClasses (name: string) =
        name = "ProxyAnchor" || name = "ArcFace"

    let private classesOf (name: string) (quick: bool) : int =
        match name with
        | "ArcFace" when not quick -> 100_000
        | "ProxyAnchor" when not quick -> 10_000
        | _ -> 1024

    let private batch (rows: int64) : struct (torch.Tensor * torch.Tensor) =
        use generator = new torch.Generator(1UL)
        let embeddings = torch.randn (rows, size, generator = generator)
        struct (embeddings.requires_grad_ true, torch.arange rows / perClass |> _.floor().``to``(torch.int64))

    let private step (loss: Loss) (embeddings: torch.Tensor) (labels: torch.Tensor) : unit =
        use _ = torch.NewDisposeScope()
        loss.Compute(embeddings, labels).backward()
        embeddings.grad <- null
        loss.zero_grad ()

    // A process that has the batch and has computed the loss of a few rows of it, and then of all, or not.
    let private once (isWhole: bool) (quick: bool) (name: string) (make: int -> Loss) () : unit =
        let struct (embeddings, labels) = batch (large quick)
        use loss = make (classesOf name quick)
        let few = embeddings.detach().narrow(0L, 0L, 256L).clone().requires_grad_ true
        step loss few (labels.narrow (0L, 0L, 256L))

        if isWhole then
            step loss embeddings labels

    let private variant (isWhole: bool) (quick: bool) (name: string) =
        let kind = if isWhole then "tiles" else "no-tiles"
        let length = if quick then "-briefly" else ""
        $"{kind}-{name}{length}"

    /// What is done in processes of their own, by name.
    let variants: (string * (unit -> unit)) list =
        [
            for quick in [ true; false ] do
                for isWhole in [ true; false ] do
                    for name, make in losses do
                        variant isWhole quick name, once isWhole quick name make
        ]

    let private measured (name: string) : struct (int64 * TimeSpan) =
        let watch = Stopwatch.StartNew()
        let bytes = PeakMemory.ofProcess name
        struct (bytes, watch.Elapsed)

    let private compare (clock: Clock) (quick: bool) (name: string) (make: int -> Loss) : unit =
        let struct (embeddings, labels) = batch (small quick)

        let made (memory: int64) =
            let loss = make (min 10_000 (classesOf name quick))
            loss.MaxMemory <- memory
            loss

        use tiles = made (if quick then 8L <<< 20 else 128L <<< 20)
        use whole = made Int64.MaxValue
        let act (loss: Loss) () = step loss embeddings labels

        Interleaved.compareAfter 1.0 clock name (Some 1.15) 1 (if quick then 2 else 7) 0.0 (act tiles) (act whole)
        |> Report.line

    /// The losses whose names hold `only`.
    let run (clock: Clock) (quick: bool) (only: string) : unit =
        let chosen =
            losses
            |> List.filter (fun (name, _) -> name.Contains(only, StringComparison.OrdinalIgnoreCase))

        Report.compare $"Losses of {small quick:N0} × {size}, forward and backward, {clock} time" "tiles" "whole matrix"

        for name, make in chosen do
            compare clock quick name make

        Report.table
            $"Losses of {large quick:N0} × {size}, forward and backward: memory above the batch, at most 1 GiB, and time"
            [ ""; "memory"; "time" ]

        for name, _ in chosen do
            let struct (without, setUp) = measured (variant false quick name)
            let struct (with', all) = measured (variant true quick name)

            let classes =
                if learnsClasses name then
                    $", {classesOf name quick:N0} classes"
                else
                    ""

            Report.row
                [
                    name + classes
                    Report.megabytes (with' - without)
                    Report.time (all - setUp)
                ]
