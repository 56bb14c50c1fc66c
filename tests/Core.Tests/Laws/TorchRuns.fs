/// Runs with optimizers of TorchSharp's.
module MetricLearning.Core.Tests.Laws.TorchRuns

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let subject = Subject.metricLossOnly
let settings = { Settings.rich with Loss = 0 }

let step (session: Session) =
    session.Step CancellationToken.None |> Seq.iter ignore

/// A run whose optimizers are made from its models.
let withOptimizers (settings: Settings) optimizers : RunOptions =
    let made = subject.Options settings (Trap())

    RunOptions(made, Optimizers = Optimizers.Of(optimizers made.Models))

let prepare (options: RunOptions) =
    Setup.prepare MetricLossOnly.recipe options

let parametersOf (models: Models) (keys: string list) =
    [|
        for key in keys do
            yield! models[key].parameters()
    |]

let torchOptimizer (make: Modules.Parameter[] -> torch.optim.Optimizer) (keys: string list) =
    fun models -> [ "trunk_optimizer", AnyOptimizer.Torch(make (parametersOf models keys)) ]

let sgd parameters : torch.optim.Optimizer =
    torch.optim.SGD((parameters: Modules.Parameter[]), 0.05, momentum = 0.9)

let asgd parameters : torch.optim.Optimizer =
    torch.optim.ASGD((parameters: Modules.Parameter[]), 0.05)

let mistakesOf (options: RunOptions) =
    try
        (Session.Start(prepare options)).Dispose()
        []
    with :? SetupException as error ->
        List.ofSeq error.Mistakes

let moved (before: (string * string) list) (after: (string * string) list) =
    [
        for (name, was), (_, now) in List.zip before after do
            if was <> now then
                name.Split('.')[0]
    ]
    |> List.distinct
