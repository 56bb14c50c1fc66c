// Searches for a learning rate on the digits, and draws the picture in docs/learning-rate.md where a path says.
//     dotnet fsi samples/scripts/learning-rate.fsx docs/learning-rate.svg
#load "setup.fsx"

open TorchSharp
open Digits
open MetricLearning
open MetricLearning.Core

let train, _ = Data.load ()
torch.manual_seed 1L |> ignore

let trunk =
    torch.nn.Sequential(
        torch.nn.Linear(64L, 128L) :> torch.nn.Module<torch.Tensor, torch.Tensor>,
        torch.nn.ReLU(),
        torch.nn.Linear(128L, 64L),
        torch.nn.ReLU()
    )

let options =
    RunOptions(
        Models = Models(Trunk = trunk, Embedder = torch.nn.Linear(64L, 32L)),
        LossFuncs = LossFuncs(MetricLoss = new ContrastiveLoss()),
        Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3)),
        BatchSize = 40,
        Dataset = TrainingData.FromTensors(train.Pictures, train.Labels),
        Sampler = MPerClassSampler(train.Labels.data<int64>().ToArray(), 4, 40, 1078L),
        Seed = 1L
    )

let session = Session.Start(Setup.prepare MetricLossOnly.recipe options)
let curve = session.FindLearningRate()
printfn $"{curve}"

match fsi.CommandLineArgs with
| [| _; path |] -> curve.Save path
| _ -> ()
