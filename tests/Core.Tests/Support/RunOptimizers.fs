/// The optimizers that runs are made with.
module MetricLearning.Core.Tests.Support.RunOptimizers

open TorchSharp
open MetricLearning
open MetricLearning.Core

let private pick (table: 'Item[]) (index: int) : 'Item = table[index % table.Length]

/// Every pure rule, with and without its options.
let optimizers: (string * Optimizer)[] =
    [|
        "sgd", Optimizer.sgd 0.005
        "momentum", Optimizer.sgd 0.005 |> Optimizer.momentum 0.9
        "nesterov", Optimizer.sgd 0.005 |> Optimizer.momentum 0.9 |> Optimizer.nesterov
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
        "SGD", (fun parameters -> torch.optim.SGD(parameters, 0.005))
        "SGD with momentum", (fun parameters -> torch.optim.SGD(parameters, 0.005, momentum = 0.9, nesterov = true))
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

let optimizerOf (settings: Settings) : Optimizer =
    snd (pick optimizers settings.Optimizer)

/// The optimizer of a network, by the settings.
let optimizerFor (settings: Settings) (network: torch.nn.Module) : OptimizerChoice =
    if settings.TorchOptimizers then
        let make = snd (pick torchOptimizers settings.Optimizer)
        OptimizerChoice.Torch(make (network.parameters ()))
    else
        OptimizerChoice.Pure(optimizerOf settings)
