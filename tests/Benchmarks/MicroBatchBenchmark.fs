namespace MetricLearning.Benchmarks

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// A ResNet-18 on large batches in micro-batches: the most memory a process holds, and the time beside that of one graph.
module MicroBatchBenchmark =

    let private micro = 64

    let private pictures (quick: bool) (count: int) : struct (torch.Tensor * torch.Tensor) =
        let side = if quick then 32L else 64L
        torch.manual_seed 1L |> ignore
        struct (torch.randn (int64 count, 3L, side, side), torch.randint (16L, [| int64 count |]))

    // Of pairs, whose matrix of distances grows with the square of the batch, and of classes.
    let private losses: (string * (unit -> Loss)) list =
        [
            "ProxyAnchor", (fun () -> new ProxyAnchorLoss(16, 128))
            "NTXent", (fun () -> new NTXentLoss())
        ]

    let private trained (quick: bool) (count: int) (batch: int) (microBatch: Nullable<int>) (loss: Loss) : Trained =
        let struct (data, labels) = pictures quick count
        torch.manual_seed 2L |> ignore
        let network = torchvision.models.resnet18 (num_classes = 128)

        let options =
            RunOptions(
                Models = Models(Trunk = network),
                LossFuncs = LossFuncs(MetricLoss = loss),
                Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3)),
                BatchSize = batch,
                MicroBatchSize = microBatch,
                IterationsPerEpoch = Nullable 1,
                Dataset = TrainingData.FromTensors(data, labels)
            )

        new Trained(MetricLossOnly.recipe, options, [ data; labels ])

    let private large (quick: bool) = if quick then 256 else 2048

    // The data are the same in each, so that processes differ by what a batch takes.
    let private variant (quick: bool) (iterations: int) (batch: int) (loss: unit -> Loss) () : unit =
        use trained = trained quick (large quick) batch (Nullable micro) (loss ())

        for _ in 1..iterations do
            trained.Epoch()

    let private name (quick: bool) (batch: int) (loss: string) =
        let suffix = if quick then "-briefly" else ""
        $"pictures-{batch}-{loss}{suffix}"

    /// What is done in processes of their own, by name.
    let variants: (string * (unit -> unit)) list =
        [
            for quick in [ true; false ] do
                for loss, make in losses do
                    name quick 0 loss, variant quick 0 micro make

                    for batch in [ micro; large quick ] do
                        name quick batch loss, variant quick 2 batch make
        ]

    // Above what the process holds before the first iteration, and without the pictures of the batch.
    let private memory (quick: bool) (loss: string) (target: float option) : unit =
        let ofPicture =
            let struct (data, _) = pictures quick 1
            use _ = data
            data.numel () * data.element_size ()

        let peak (batch: int) =
            PeakMemory.inUse (name quick batch loss)

        let idle = peak 0

        let above (batch: int) =
            peak batch - idle - int64 batch * ofPicture

        let ours, baseline = above (large quick), above micro

        Report.line
            {
                Name = $"memory, {loss}; by hand: a batch of {micro}"
                Ours = Report.megabytes ours
                Baseline = Report.megabytes baseline
                Ratio = float ours / float baseline
                Spread = None
                Target = target
            }

    let private time (clock: Clock) (quick: bool) : unit =
        let batch = if quick then 2 * micro else 256
        use cut = trained quick batch batch (Nullable micro) (new NTXentLoss())
        use whole = trained quick batch batch (Nullable()) (new NTXentLoss())

        Interleaved.compareAfter
            1.0
            clock
            $"batch of {batch}; by hand: one graph"
            (Some 1.6)
            1
            (if quick then 2 else 5)
            0.0
            cut.Epoch
            whole.Epoch
        |> Report.line

    /// Micro-batches of 64: memory of a batch of 2,048 beside that of a batch of 64, time of 256 beside one graph.
    let run (clock: Clock) (quick: bool) : unit =
        Report.head $"ResNet-18, batch {large quick} in micro-batches of {micro}, {clock} time"
        memory quick "ProxyAnchor" (Some 1.3)
        memory quick "NTXent" None
        time clock quick
