// One run, forked at iteration 100: the same weights, optimizer slots and random numbers go on with two learning rates.
//     dotnet fsi samples/scripts/fork.fsx
#load "setup.fsx"

open TorchSharp
open Digits
open MetricLearning
open MetricLearning.Core

let train, test = Data.load ()
torch.manual_seed 1L |> ignore

let trunk =
    torch.nn.Sequential(
        torch.nn.Linear(64L, 128L) :> torch.nn.Module<torch.Tensor, torch.Tensor>,
        torch.nn.ReLU(),
        torch.nn.Linear(128L, 32L)
    )

let run =
    Setup.prepare
        MetricLossOnly.recipe
        (RunOptions(
            Models = Models(Trunk = trunk),
            LossFuncs = LossFuncs(MetricLoss = new ContrastiveLoss()),
            Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3)),
            BatchSize = 40,
            Dataset = TrainingData.FromTensors(train.Pictures, train.Labels),
            Sampler = MPerClassSampler(train.Labels.data<int64>().ToArray(), 4, 40, 1078L),
            Seed = 1L
        ))

/// MAP@R on the test pictures.
let score =
    Run.score run (fun () -> (Retrieval.score (trunk.call test.Pictures) test.Labels).MapAtR)

let fork = Run.steps run 100 run.State
let slow = fork |> Run.withLearningRate "trunk_optimizer" 3e-4 |> Run.steps run 150
let fast = fork |> Run.withLearningRate "trunk_optimizer" 3e-3 |> Run.steps run 150

printfn "at the fork, iteration %d: MAP@R %.3f" fork.Steps (score fork)
printfn "150 iterations at 3e-4:    MAP@R %.3f" (score slow)
printfn "150 iterations at 3e-3:    MAP@R %.3f" (score fast)
printfn "the fork is as it was:     MAP@R %.3f" (score fork)
