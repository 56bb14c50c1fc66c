/// Every optimizer, of the library and of TorchSharp: the weights after some steps.
module Gpu.Optimizers

open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private after (choose: torch.nn.Module -> AnyOptimizer) (device: torch.Device) (dtype: ScalarType) =
    use _ = torch.manual_seed 3L

    use trunk =
        torch.nn.Sequential(
            struct ("first", torch.nn.Linear(16L, 9L) :> torch.nn.Module<Tensor, Tensor>),
            struct ("relu", torch.nn.ReLU() :> torch.nn.Module<Tensor, Tensor>),
            struct ("last", torch.nn.Linear(9L, 5L) :> torch.nn.Module<Tensor, Tensor>)
        )

    trunk.``to``(dtype).``to`` device |> ignore
    let struct (rows, labels) = Across.batch 60L 16L 6L 41UL torch.CPU dtype

    let run =
        Setup.prepare
            MetricLossOnly.recipe
            (RunOptions(
                Models = Models(Trunk = trunk),
                Optimizers = Optimizers.Of [ Keys.optimizerOf Keys.Trunk, choose trunk ],
                LossFuncs = LossFuncs(MetricLoss = new ContrastiveLoss()),
                BatchSize = 20,
                Dataset = TrainingData.FromTensors(rows, labels),
                DataDevice = device,
                Seed = 9L
            ))

    use _ = Session.Start run
    use state = Run.steps run 5 run.State

    [
        for vector in state.Learned.Vectors -> "weights or slots", vector.Tensor.clone().MoveToOuterDisposeScope()
    ]

let run (checks: Checks) : unit =
    for name, optimizer in RunOptimizers.optimizers do
        Across.agree checks $"optimizer {name}" (after (fun _ -> optimizer))

    for name, make in RunOptimizers.torchOptimizers do
        Across.agree checks $"TorchSharp's {name}" (after (fun trunk -> AnyOptimizer.Torch(make (trunk.parameters ()))))
