namespace MetricLearning.Benchmarks

open TorchSharp
open MetricLearning
open MetricLearning.Core

/// A triplet loss on synthetic triplets, forward and backward, against the same on the matrix of all distances.
module SynthesisBenchmark =

    let private size = 32L
    let private batch = 40L

    // As the library does it: rows of anchors, positives and synthetic negatives, and the triplets among them.
    let private pairwise (loss: Loss) (embeddings: torch.Tensor) (labels: torch.Tensor) (tuples: Tuples) =
        use _ = torch.NewDisposeScope()
        embeddings.grad <- null
        loss.Compute(embeddings, labels, tuples).backward()

    // As the reference does it.
    let private matrix (embeddings: torch.Tensor) (a: torch.Tensor) (p: torch.Tensor) (n: torch.Tensor) =
        use _ = torch.NewDisposeScope()
        embeddings.grad <- null
        let unit = torch.nn.functional.normalize (embeddings, 2.0, 1L)
        let distances = torch.cdist (unit, unit)
        let values = (distances.index (a, p) - distances.index (a, n) + 0.05).relu()
        let counted = values.gt(0.0.ToScalar()).sum().clamp_min(1.0.ToScalar())
        (values.sum () / counted).backward()

    /// At the documented default, 100 triplets for each of 40 samples; briefly, 10.
    let run (clock: Clock) (quick: bool) : unit =
        let threads = torch.get_num_threads ()
        torch.set_num_threads 1
        let perAnchor = if quick then 10L else 100L
        let triplets = batch * perAnchor

        Report.compare
            $"Loss of synthetic triplets, {batch} samples, {perAnchor} each, {size} numbers, 1 thread, {clock} time"
            "library"
            "of all pairs"

        use _ = torch.NewDisposeScope()
        torch.manual_seed 1L |> ignore
        let embeddings = torch.randn (3L * triplets, size, requires_grad = true)
        let labels = torch.randint (10L, [| 3L * triplets |])

        let rows number =
            torch.arange (number * triplets, (number + 1L) * triplets)

        let a, p, n = rows 0L, rows 1L, rows 2L
        use loss = new TripletMarginLoss()

        Interleaved.compare
            clock
            $"{triplets:N0} triplets"
            (if quick then None else Some 0.01)
            1
            (if quick then 2 else 5)
            0.0
            (fun () -> pairwise loss embeddings labels (Tuples.Triplets(a, p, n)))
            (fun () -> matrix embeddings a p n)
        |> Report.line

        torch.set_num_threads threads
