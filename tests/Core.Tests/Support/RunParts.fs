module MetricLearning.Core.Tests.Support.RunParts

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

let samples = 40L
let features = 6L
let size = 4L
let classes = 5
let batchSize = 12

/// More than any batch has, and less than three batches.
let rows = 30

let private pick (table: 'Item[]) (index: int) : 'Item = table[index % table.Length]

/// A memory of so many embeddings that starts with a batch of warm-up; what it wraps learns.
let private memory (size: int64) (rows: int) : torch.nn.Module =
    new CrossBatchMemory(new MarginLoss(learnBeta = true, nu = 0.1), int size, memorySize = rows, warmUp = 1)

/// Losses of embeddings of a size, those with parameters or memory among them; the memory takes so many rows.
let losses: (string * (int64 -> int -> torch.nn.Module))[] =
    [|
        "triplet margin", (fun _ _ -> new TripletMarginLoss(margin = 0.5))
        "random triplets", (fun _ _ -> new TripletMarginLoss(margin = 0.5, tripletsPerAnchor = 2))
        "arcface", (fun size _ -> new ArcFaceLoss(classes, int size))
        "proxy anchor", (fun size _ -> new ProxyAnchorLoss(classes, int size))
        "margin with a learned beta", (fun _ _ -> new MarginLoss(learnBeta = true, nu = 0.1, numClasses = classes))
        "nt-xent", (fun _ _ -> new NTXentLoss())
        "contrastive", (fun _ _ -> new ContrastiveLoss())
        "memory", memory
        "dynamic soft margin", (fun _ _ -> new DynamicSoftMarginLoss())
        "several losses",
        (fun size _ -> new MultipleLosses([ new ContrastiveLoss() :> Loss; new CosFaceLoss(classes, int size) ]))
    |]

/// Indices into `losses` of those that remember.
let remembering: int list =
    [
        for index, (name, _) in Seq.indexed losses do
            if name = "memory" || name = "dynamic soft margin" then
                index
    ]

let rec private limit (memory: int64) (part: torch.nn.Module) : unit =
    match part with
    | :? Loss as loss -> loss.MaxMemory <- memory
    | _ -> ()

    for struct (_, child) in part.named_children () do
        limit memory child

/// The same options, whose losses, and those inside of them, are computed in tiles beyond so much memory.
let limited (memory: int64) (options: RunOptions) : RunOptions =
    for _, loss in options.LossFuncs.Present do
        limit memory loss

    options

/// Losses compute in the dtype of their weights.
let inFloat64 (options: RunOptions) : RunOptions =
    for _, loss in options.LossFuncs.Present do
        loss.``to`` ScalarType.Float64 |> ignore

    options

let miners: (string * (unit -> Miner) option)[] =
    [|
        "none", None
        "multi-similarity", Some(fun () -> MultiSimilarityMiner())
        "batch hard", Some(fun () -> BatchHardMiner())
        "triplet margin", Some(fun () -> TripletMarginMiner())
    |]

/// The loss of embeddings of a size, by the settings; a memory takes so many rows.
let lossFor (settings: Settings) (size: int64) (rows: int) : torch.nn.Module =
    (snd (pick losses settings.Loss)) size rows

/// The loss of whole embeddings, by the settings; a memory is full after three batches.
let lossOf (settings: Settings) : torch.nn.Module = lossFor settings size rows

let minerOf (settings: Settings) : Miner option =
    Option.map (fun make -> make ()) (snd (pick miners settings.Miner))

/// Averages of weights: none, then one of each kind.
let averagings: WeightAveraging option[] =
    [|
        None
        Some(WeightAveraging.Exponential 0.3)
        Some(WeightAveraging.Exponential(0.5, warmUp = false))
        Some(WeightAveraging.Equal 2)
        Some(WeightAveraging.Equal(1, everyIterations = 2))
    |]

let averagingOf (settings: Settings) : WeightAveraging | null =
    Option.toObj (pick averagings settings.Averaging)

/// A subset miner that draws from libtorch's generator, as a user's would.
let subsetMiner: Func<Tensor, Tensor, Tensor> =
    Func<_, _, _>(fun embeddings _ ->
        use order = torch.randperm (embeddings.size 0)
        (order.narrow (0L, 0L, min 9L (embeddings.size 0))).clone())

/// A network in the dtype of the settings.
let net (settings: Settings) (inputs: int64) (outputs: int64) : torch.nn.Module<Tensor, Tensor> =
    let layers =
        [|
            struct ("first", torch.nn.Linear(inputs, 9L) :> torch.nn.Module<Tensor, Tensor>)
            if settings.BatchNorm then
                struct ("norm", torch.nn.BatchNorm1d 9L :> torch.nn.Module<Tensor, Tensor>)
            struct ("activation", torch.nn.ReLU() :> torch.nn.Module<Tensor, Tensor>)
            if settings.Dropout then
                struct ("dropout", torch.nn.Dropout 0.3 :> torch.nn.Module<Tensor, Tensor>)
            struct ("last", torch.nn.Linear(9L, outputs) :> torch.nn.Module<Tensor, Tensor>)
        |]

    let made = torch.nn.Sequential layers

    made.``to`` (Settings.dtypeOf settings) |> ignore

    made

let labels: int64[] = [| for index in 0L .. samples - 1L -> index % int64 classes |]

/// The same numbers for every run.
let data (settings: Settings) : Tensor =
    let numbers =
        [|
            for index in 0L .. samples * features - 1L ->
                float (Seed.below 2000L index (Seed.ofInt64 17L)) / 1000.0 - 1.0
                + float (index / features % int64 classes)
        |]

    torch
        .tensor(
            numbers,
            dtype =
                (if settings.Float64 then
                     ScalarType.Float64
                 else
                     ScalarType.Float32)
        )
        .reshape(samples, features)

/// The data set: tensors, or samples with noise from their own seed. `sprung` is called with each index that is read.
let dataset (settings: Settings) (sprung: int64 -> unit) : TrainingData =
    let rows = (data settings).DetachFromDisposeScope()

    if settings.AsSamples then
        TrainingData.FromSamples(
            samples,
            fun index seed ->
                sprung index
                let noise = float (Seed.below 1000L 0L seed) / 10000.0
                (rows[index] + noise), labels[int index]
        )
    else
        TrainingData.FromTensors(rows, torch.tensor(labels).DetachFromDisposeScope())

/// Samples of two inputs: a sample and another of its class. `sprung` is called with each index that is read.
let pairs (settings: Settings) (sprung: int64 -> unit) : TrainingData =
    let rows = (data settings).DetachFromDisposeScope()
    let others = rows.roll(int64 classes, 0L).DetachFromDisposeScope()

    if settings.AsSamples then
        TrainingData.FromSamples(
            samples,
            fun index seed ->
                sprung index
                let noise = float (Seed.below 1000L 0L seed) / 10000.0
                (rows[index] + noise), (others[index] - noise), labels[int index]
        )
    else
        TrainingData.FromTensors([ rows; others ], torch.tensor(labels).DetachFromDisposeScope())

let sampling (settings: Settings) : AnySampler | null =
    match settings.Sampler with
    | SamplerChoice.Shuffled -> null
    | SamplerChoice.MPerClass -> MPerClassSampler(labels, 3, Nullable batchSize, 2L * int64 batchSize)
    | SamplerChoice.OwnIndices ->
        AnySampler.Indices(seq { for index in 0L .. samples - 1L -> (index * 7L + 3L) % samples })
    | SamplerChoice.OwnBatches ->
        AnySampler.Batches(
            seq {
                [| 0L .. 11L |]
                [| 5L .. 25L |]
                [| 20L .. 39L |]
            }
        )
