/// The page about pretrained trunks.
module PictureShop.Pretrained

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private named (name: string) (layer: torch.nn.Module<torch.Tensor, torch.Tensor>) = struct (name, layer)

let private weights =
    test "pretrained: weights into a module" {
        use trunk =
            torch.nn.Sequential(
                named "first" (torch.nn.Linear(6L, 6L)),
                named "norm" (torch.nn.BatchNorm1d 6L),
                named "last" (torch.nn.Linear(6L, 6L))
            )

        let checkpointFile = SmallRun.file "tests/Facade.Tests/Pretrained/checkpoint.pth"

        let report = PretrainedWeights.Load(trunk, checkpointFile, stripPrefix = "module.")

        Expect.isTrue report.IsComplete "all"
    }

let private script =
    test "pretrained: a script as a trunk" {
        let scriptFile = SmallRun.file "tests/Facade.Tests/Pretrained/script.pt"

        use trunk = ScriptTrunk.Load scriptFile

        Expect.equal (trunk.state_dict().Count) 9 "tensors"
    }

let tests = testList "pretrained" [ weights; script ]
