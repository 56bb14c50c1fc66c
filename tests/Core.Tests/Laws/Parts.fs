module MetricLearning.Core.Tests.Laws.Parts

open System
open TorchSharp
open MetricLearning.Core

let samples = 40L
let features = 6L
let size = 4L
let classes = 5
let batchSize = 12

let private pick (table: 'Item[]) (index: int) : 'Item = table[index % table.Length]

/// Every pure rule, with and without its options.
let optimizers: (string * Optimizer)[] =
    [|
        "sgd", Optimizer.sgd 0.05
        "momentum", Optimizer.sgd 0.05 |> Optimizer.momentum 0.9
        "nesterov", Optimizer.sgd 0.05 |> Optimizer.momentum 0.9 |> Optimizer.nesterov
        "adam", Optimizer.adam 0.01
        "amsgrad", Optimizer.adam 0.01 |> Optimizer.amsGrad
        "adamw", Optimizer.adamW 0.01
        "rmsprop", Optimizer.rmsProp 0.01
        "rmsprop centred",
        Optimizer.create
            (Rule.RmsProp
                {
                    Alpha = 0.9
                    Eps = 1e-8
                    WeightDecay = 0.01
                    Momentum = 0.5
                    Centered = true
                    Maximize = false
                })
            0.01
        "adagrad", Optimizer.adagrad 0.02
        "adadelta", Optimizer.adadelta 1.0
        "adamax", Optimizer.adamax 0.01
        "nadam", Optimizer.nAdam 0.01
        "radam", Optimizer.rAdam 0.01
        "groups",
        Optimizer.adamW 0.01
        |> Optimizer.group _.EndsWith("bias") (Optimizer.weightDecay 0.0 >> Optimizer.learningRate 0.03)
        "maximize", Optimizer.sgd 0.001 |> Optimizer.weightDecay 0.1 |> Optimizer.maximize
    |]

/// TorchSharp's optimizers that have a pure twin.
let torchOptimizers: (string * (Modules.Parameter seq -> torch.optim.Optimizer))[] =
    [|
        "SGD", (fun parameters -> torch.optim.SGD(parameters, 0.05))
        "SGD with momentum", (fun parameters -> torch.optim.SGD(parameters, 0.05, momentum = 0.9, nesterov = true))
        "Adam", (fun parameters -> torch.optim.Adam(parameters, 0.01))
        "Adam with amsgrad", (fun parameters -> torch.optim.Adam(parameters, 0.01, weight_decay = 0.01, amsgrad = true))
        "AdamW", (fun parameters -> torch.optim.AdamW(parameters, 0.01))
        "RMSProp", (fun parameters -> torch.optim.RMSProp(parameters, 0.01, momentum = 0.5, centered = true))
        "Adagrad", (fun parameters -> torch.optim.Adagrad(parameters, 0.02))
        "Adadelta", (fun parameters -> torch.optim.Adadelta(parameters, 1.0))
        "Adamax", (fun parameters -> torch.optim.Adamax(parameters, 0.01))
        "NAdam", (fun parameters -> torch.optim.NAdam(parameters, 0.01))
        "RAdam", (fun parameters -> torch.optim.RAdam(parameters, 0.01))
    |]

/// Losses of embeddings of a size, those with parameters among them.
let losses: (string * (int64 -> torch.nn.Module))[] =
    [|
        "triplet margin",
        (fun _ ->
            TripletMargin.loss
                { TripletMargin.defaults with
                    Margin = 0.5
                })
        "random triplets",
        (fun _ ->
            TripletMargin.loss
                { TripletMargin.defaults with
                    Margin = 0.5
                    TripletsPerAnchor = Nullable 2
                })
        "arcface", (fun size -> ArcFace.loss (ArcFace.defaults classes (int size)))
        "proxy anchor", (fun size -> ProxyAnchor.loss (ProxyAnchor.defaults classes (int size)))
        "margin with a learned beta",
        (fun _ ->
            Margin.loss
                { Margin.defaults with
                    LearnBeta = true
                    Nu = 0.1
                    NumClasses = Nullable classes
                })
        "nt-xent", (fun _ -> NTXent.loss NTXent.defaults)
        "contrastive", (fun _ -> Contrastive.loss Contrastive.defaults)
    |]

let miners: (string * (unit -> Miner) option)[] =
    [|
        "none", None
        "multi-similarity", Some(fun () -> Miners.MultiSimilarity.miner Miners.MultiSimilarity.defaults)
        "batch hard", Some(fun () -> Miners.BatchHard.miner Miners.BatchHard.defaults)
        "triplet margin", Some(fun () -> Miners.TripletMargin.miner Miners.TripletMargin.defaults)
    |]

let optimizerOf (settings: Settings) : Optimizer =
    snd (pick optimizers settings.Optimizer)

/// The optimizer of a network, by the settings.
let optimizerFor (settings: Settings) (network: torch.nn.Module) : OptimizerChoice =
    if settings.TorchOptimizers then
        let make = snd (pick torchOptimizers settings.Optimizer)
        OptimizerChoice.Torch(make (network.parameters ()))
    else
        OptimizerChoice.Pure(optimizerOf settings)

/// The loss of embeddings of a size, by the settings.
let lossFor (settings: Settings) (size: int64) : torch.nn.Module = (snd (pick losses settings.Loss)) size

/// The loss of whole embeddings, by the settings.
let lossOf (settings: Settings) : torch.nn.Module = lossFor settings size

let minerOf (settings: Settings) : Miner option =
    Option.map (fun make -> make ()) (snd (pick miners settings.Miner))

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

    made.``to`` (
        if settings.Float64 then
            ScalarType.Float64
        else
            ScalarType.Float32
    )
    |> ignore

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
let dataset (settings: Settings) (sprung: int64 -> unit) : Dataset =
    let rows = (data settings).DetachFromDisposeScope()

    if settings.AsSamples then
        Dataset.ofFunction samples (fun index seed ->
            sprung index
            let noise = float (Seed.below 1000L 0L seed) / 10000.0
            (rows[index] + noise), labels[int index])
    else
        Dataset.ofTensors rows (torch.tensor(labels).DetachFromDisposeScope())

/// Samples of two inputs: a sample and another of its class. `sprung` is called with each index that is read.
let pairs (settings: Settings) (sprung: int64 -> unit) : Dataset =
    let rows = (data settings).DetachFromDisposeScope()
    let others = rows.roll(int64 classes, 0L).DetachFromDisposeScope()

    if settings.AsSamples then
        Dataset.ofFunction samples (fun index seed ->
            sprung index
            let noise = float (Seed.below 1000L 0L seed) / 10000.0
            (rows[index] + noise), (others[index] - noise), labels[int index])
    else
        Dataset.ofInputs [ rows; others ] (torch.tensor(labels).DetachFromDisposeScope())

let sampling (settings: Settings) : Sampling =
    match settings.Sampler with
    | SamplerChoice.Shuffled -> Sampling.Shuffled
    | SamplerChoice.MPerClass -> Sampling.Sampler(MPerClass(labels, 3, Nullable batchSize, 2L * int64 batchSize))
    | SamplerChoice.OwnIndices ->
        Sampling.Indices(seq { for index in 0L .. samples - 1L -> (index * 7L + 3L) % samples })
    | SamplerChoice.OwnBatches ->
        Sampling.Batches(
            seq {
                [| 0L .. 11L |]
                [| 5L .. 25L |]
                [| 20L .. 39L |]
            }
        )
