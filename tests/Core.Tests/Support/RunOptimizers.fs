/// The optimizers that runs are made with.
module MetricLearning.Core.Tests.Support.RunOptimizers

open TorchSharp
open MetricLearning
open MetricLearning.Core

let private pick (table: 'Item[]) (index: int) : 'Item = table[index % table.Length]

/// Every pure rule, with and without its options.
let optimizers: (string * PureOptimizer)[] =
    [|
        "sgd", PureOptimizer.SGD(0.005)
        "momentum", PureOptimizer.SGD(0.005, momentum = 0.9)
        "nesterov", PureOptimizer.SGD(0.005, momentum = 0.9, nesterov = true)
        "adam", PureOptimizer.Adam(0.01)
        "amsgrad", PureOptimizer.Adam(0.01, amsgrad = true)
        "adamw", PureOptimizer.AdamW(0.01)
        "rmsprop", PureOptimizer.RMSProp(0.01)
        "rmsprop centred", PureOptimizer.RMSProp(0.01, alpha = 0.9, weightDecay = 0.01, momentum = 0.5, centered = true)
        "adagrad", PureOptimizer.Adagrad(0.02)
        "adadelta", PureOptimizer.Adadelta(1.0)
        "adamax", PureOptimizer.Adamax(0.01)
        "nadam", PureOptimizer.NAdam(0.01)
        "radam", PureOptimizer.RAdam(0.01)
        "groups", PureOptimizer.AdamW(0.01).WithGroup(_.EndsWith("bias"), PureOptimizer.AdamW(0.03, weightDecay = 0.0))
        "scheduled",
        PureOptimizer
            .AdamW(0.01, weightDecay = 0.1)
            .WithWeightDecaySchedule(Schedule.CosineAnnealing 9L)
            .WithMomentumSchedule(Schedule.OneCycleMomentum 200L)
        "maximize", PureOptimizer.SGD(0.001, weightDecay = 0.1, maximize = true)
    |]

/// TorchSharp's optimizers that are run as rules.
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

let optimizerOf (settings: Settings) : PureOptimizer =
    snd (pick optimizers settings.Optimizer)

/// The optimizer of a network, by the settings.
let optimizerFor (settings: Settings) (network: torch.nn.Module) : AnyOptimizer =
    if settings.TorchOptimizers then
        let make = snd (pick torchOptimizers settings.Optimizer)
        AnyOptimizer.Torch(make (network.parameters ()))
    else
        optimizerOf settings
