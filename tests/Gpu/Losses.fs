/// Every loss: value, gradient of the embeddings and of what it learns, on all tuples, on listed ones and on reference embeddings.
module Gpu.Losses

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support

let private seed = Seed.ofInt64 3L

// Two views of the same samples.
let private needsViews (loss: Loss) =
    loss :? SelfSupervisedLoss || loss :? VICRegLoss

let private takesNoLabels (loss: Loss) = loss :? ManifoldLoss

let private compute
    (make: unit -> Loss)
    rows
    hasReferences
    (miner: Miner option)
    (device: torch.Device)
    (dtype: ScalarType)
    =
    use _ = torch.manual_seed 7L
    use loss = make ()
    loss.``to``(dtype).``to`` device |> ignore

    let struct (samples, labels) = Across.batch rows 5L 4L 11UL device dtype
    let struct (others, otherLabels) = Across.batch rows 5L 4L 12UL device dtype
    let leaf = samples.detach().requires_grad_ true

    let tuples =
        match miner with
        | Some miner -> miner.Mine(samples, labels, null, null, seed)
        | None -> Tuples.All

    let total =
        if needsViews loss then
            loss.Compute(leaf, null, Tuples.All, others, null, seed)
        elif hasReferences then
            loss.Compute(leaf, labels, tuples, others, otherLabels, seed)
        else
            loss.Compute(leaf, (if takesNoLabels loss then null else labels), tuples, null, null, seed)

    total.sum().backward()

    [
        "value", total
        "gradient", nonNull leaf.grad
        for struct (name, parameter) in loss.named_parameters () do
            match parameter.grad with
            | null -> ()
            | slope -> $"gradient of {name}", slope
        for struct (name, buffer) in loss.named_buffers () do
            name, buffer.clone ()
    ]
    |> List.map (fun (name, tensor) -> name, tensor.detach().MoveToOuterDisposeScope())

// What a loss refuses on the CPU is not asked of the device.
let private isTaken (act: unit -> 'Result) : bool =
    use _ = torch.NewDisposeScope()

    try
        act () |> ignore
        true
    with
    | :? ArgumentException
    | :? InvalidOperationException
    | :? NotSupportedException -> false

let run (checks: Checks) : unit =
    let others: (string * (unit -> Loss)) list =
        [
            "TripletMarginLoss, smooth", (fun () -> new TripletMarginLoss(smoothLoss = true))
            "TripletMarginLoss, swap", (fun () -> new TripletMarginLoss(swap = true))
            "TripletMarginLoss, random triplets", (fun () -> new TripletMarginLoss(tripletsPerAnchor = 5))
            "MarginLoss, random triplets",
            (fun () -> new MarginLoss(tripletsPerAnchor = 5, learnBeta = true, numClasses = 4))
            "CrossBatchMemory with a miner",
            (fun () ->
                new CrossBatchMemory(new TripletMarginLoss(), 5, memorySize = 256, miner = MultiSimilarityMiner()))
        ]

    for name, make in EveryPart.losses @ others do
        let rows = 48L
        let isMemory = name.StartsWith "CrossBatchMemory"

        for title, hasReferences, miner in
            [
                name, false, None
                $"{name} on mined tuples", false, Some(MultiSimilarityMiner() :> Miner)
                $"{name} with references", true, None
            ] do
            let compute = compute make rows hasReferences miner

            if isTaken (fun () -> compute torch.CPU torch.float64) then
                Across.agree checks title compute

        // Where many sums meet; a memory takes no more rows than it has.
        if not isMemory then
            checks.Check(
                $"{name} on 384 samples repeats",
                fun () ->
                    let results =
                        [
                            for _ in 1..3 -> Across.bits (compute make 384L false None checks.Device torch.float32)
                        ]

                    [
                        if List.distinct results |> List.length > 1 then
                            "does not"
                    ]
            )
