/// Scripts and the same layers of TorchSharp.
module MetricLearning.Core.Tests.Support.Scripts

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.ScriptFiles

/// The layers of the script as TorchSharp's own modules, all weights from a seed.
type Layers(width: int64) =
    let random = new torch.Generator(uint64 width)

    let linear (inputs: int64) (outputs: int64) =
        let layer = torch.nn.Linear(inputs, outputs)
        use _ = torch.no_grad ()

        layer.weight.copy_ (torch.randn ([| outputs; inputs |], generator = random) * 0.4)
        |> ignore

        (nonNull layer.bias).copy_(torch.randn ([| outputs |], generator = random))
        |> ignore

        layer

    let first = linear RunParts.features width
    let norm = torch.nn.BatchNorm1d width
    let last = linear width RunParts.features

    member _.Script(setting: ScriptSetting) : byte[] = save setting first norm last

    member _.Network(dropout: float) =
        torch.nn.Sequential(
            SmallRuns.layer "first" first,
            SmallRuns.layer "norm" norm,
            SmallRuns.layer "relu" (torch.nn.ReLU()),
            SmallRuns.layer "dropout" (torch.nn.Dropout dropout),
            SmallRuns.layer "last" last
        )

let trunkOf (setting: ScriptSetting) =
    new ScriptTrunk(torch.jit.load<torch.Tensor, torch.Tensor>(Layers(RunParts.features).Script setting))

let dropping = { plain with Dropout = 0.25 }

let options (trunk: torch.nn.Module) =
    RunOptions(
        SmallRuns.optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", PureOptimizer.Adam(0.01) ] (SmallRuns.data ()),
        Seed = 9L
    )

let steps (count: int) (session: Session) =
    for _ in 1..count do
        SmallRuns.step session

let bits (target: torch.nn.Module) =
    [
        for struct (name, parameter) in target.named_parameters () do
            name, Snapshot.bitsOf parameter
        for struct (name, buffer) in target.named_buffers () do
            name, Snapshot.bitsOf buffer
    ]
    |> List.sort
