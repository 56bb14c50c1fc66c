namespace MetricLearning.Benchmarks

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// Losses and miners, each against its formula written by hand (`DirectLosses`, `DirectMiners`), on one thread.
module LossBenchmark =

    let private rows, classes, size = 256L, 16, 64
    let private target = Some 1.10

    /// A loss: what it learns, itself, and the formula.
    type private Compared =
        {
            Learns: torch.Tensor list
            Loss: Loss
            Direct: torch.Tensor -> torch.Tensor -> torch.Tensor
        }

    let private plain (loss: Loss) direct () =
        {
            Learns = []
            Loss = loss
            Direct = direct
        }

    let private learned (parameter: string) (make: int -> int -> WeightedLoss) direct () =
        let loss = make classes size
        let vectors = nonNull (loss.get_parameter parameter)

        {
            Learns = [ vectors ]
            Loss = loss
            Direct = direct vectors
        }

    let private losses: (string * (unit -> Compared)) list =
        [
            "TripletMargin", plain (new TripletMarginLoss()) DirectLosses.tripletMargin
            "Margin", plain (new MarginLoss()) DirectLosses.margin
            "Contrastive", plain (new ContrastiveLoss()) DirectLosses.contrastive
            "NTXent", plain (new NTXentLoss()) DirectLosses.ntXent
            "SupCon", plain (new SupConLoss()) DirectLosses.supCon
            "MultiSimilarity", plain (new MultiSimilarityLoss()) DirectLosses.multiSimilarity
            "Circle", plain (new CircleLoss()) DirectLosses.circle
            "ArcFace", learned "W" (fun classes size -> new ArcFaceLoss(classes, size)) DirectLosses.arcFace
            "CosFace", learned "W" (fun classes size -> new CosFaceLoss(classes, size)) DirectLosses.cosFace
            "NormalizedSoftmax",
            learned "W" (fun classes size -> new NormalizedSoftmaxLoss(classes, size)) DirectLosses.normalizedSoftmax
            "ProxyNCA", learned "proxies" (fun classes size -> new ProxyNCALoss(classes, size)) DirectLosses.proxyNCA
            "ProxyAnchor",
            learned "proxies" (fun classes size -> new ProxyAnchorLoss(classes, size)) DirectLosses.proxyAnchor
        ]

    // Miner, formula, and whether the choice is random.
    let private miners =
        [
            "MultiSimilarityMiner", (MultiSimilarityMiner() :> Miner), DirectMiners.multiSimilarity, false
            "TripletMarginMiner", TripletMarginMiner(), DirectMiners.tripletMargin, false
            "PairMarginMiner", PairMarginMiner(), DirectMiners.pairMargin, false
            "AngularMiner", AngularMiner(), DirectMiners.angular, false
            "BatchHardMiner", BatchHardMiner(), DirectMiners.batchHard, false
            "BatchEasyHardMiner", BatchEasyHardMiner(), DirectMiners.batchEasyHard, false
            "HDCMiner", HDCMiner(), DirectMiners.hdc, false
            "DistanceWeightedMiner", DistanceWeightedMiner(), DirectMiners.distanceWeighted, true
            "UniformHistogramMiner", UniformHistogramMiner(), DirectMiners.uniformHistogram, true
        ]

    let private timed (clock: Clock) (quick: bool) (name: string) (ours: unit -> unit) (direct: unit -> unit) =
        let several (act: unit -> unit) () =
            for _ in 1..10 do
                act ()

        let warmUp, rounds, seconds = if quick then 0.1, 4, 0.0 else 2.0, 20, 2.0

        Interleaved.compareAfter warmUp clock name target 10 rounds seconds (several ours) (several direct)
        |> Report.line

    let private compareLoss clock quick (embeddings: torch.Tensor) (labels: torch.Tensor) (name, make) =
        let compared: Compared = make ()
        use loss = compared.Loss

        let slopesOf (compute: torch.Tensor -> torch.Tensor -> torch.Tensor) () =
            use _ = torch.NewDisposeScope()

            for leaf in embeddings :: compared.Learns do
                leaf.grad <- null

            let value = compute embeddings labels
            value.backward ()
            value.ToDouble()

        let ours = slopesOf (fun embeddings labels -> loss.Compute(embeddings, labels))
        let direct = slopesOf compared.Direct
        let expected = direct ()
        let value = ours ()

        if not (abs (value - expected) <= 1e-4 * max 1.0 (abs expected)) then
            invalidOp $"{name} is {value}; by hand it is {expected}."

        timed clock quick name (ours >> ignore) (direct >> ignore)

    // Numbers that say which tuples were chosen, in order; of random ones how many.
    let private codes (isRandom: bool) (indices: torch.Tensor list) : int64 list =
        [
            for kind in
                (if indices.Length = 3 then
                     [ indices ]
                 else
                     List.chunkBySize 2 indices) do
                kind.Head.size 0

                if not isRandom then
                    let code =
                        kind |> List.reduce (fun code (index: torch.Tensor) -> code * rows + index)

                    let struct (sorted, _) = code.sort 0L
                    yield! sorted.data<int64>().ToArray()
        ]

    let private compareMiner
        clock
        quick
        (embeddings: torch.Tensor)
        (labels: torch.Tensor)
        (name, miner: Miner, direct, isRandom)
        =
        let embeddings = embeddings.detach ()

        let ours () =
            use _ = torch.NewDisposeScope()

            codes
                isRandom
                (match miner.Mine(embeddings, labels) with
                 | Tuples.All -> []
                 | Tuples.Pairs(a1, p, a2, n) -> [ a1; p; a2; n ]
                 | Tuples.Triplets(a, p, n) -> [ a; p; n ])

        let byHand () =
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()
            codes isRandom (direct embeddings labels)

        let found, expected = ours (), byHand ()

        if found <> expected then
            invalidOp $"{name} found {found.Length} numbers unlike the {expected.Length} by hand."

        let mine () =
            use _ = torch.NewDisposeScope()
            miner.Mine(embeddings, labels) |> ignore

        let mineByHand () =
            use _ = torch.NewDisposeScope()
            use _ = torch.no_grad ()
            direct embeddings labels |> ignore

        timed clock quick name mine mineByHand

    /// Forward and backward of losses, and miners, on a batch of 16 classes.
    let run (clock: Clock) (quick: bool) (only: string) : unit =
        let threads = torch.get_num_threads ()
        torch.set_num_threads 1
        torch.manual_seed 1L |> ignore
        let labels = torch.arange (rows) % int64 classes
        use centres = torch.randn (int64 classes, int64 size)

        use embeddings =
            (centres.index_select (0L, labels) * 0.7 + torch.randn (rows, int64 size)).requires_grad_ true

        let wanted (name: string) = name.Contains only

        Report.head $"Losses, forward and backward, {rows} × {size}, {classes} classes, 1 thread, {clock} time"

        for name, make in losses do
            if wanted name then
                compareLoss clock quick embeddings labels (name, make)

        Report.head $"Miners, {rows} × {size}, {classes} classes, 1 thread, {clock} time"

        for name, miner, direct, isRandom in miners do
            if wanted name then
                compareMiner clock quick embeddings labels (name, miner, direct, isRandom)

        torch.set_num_threads threads
