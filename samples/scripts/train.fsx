// Trains embeddings of the digits with a triplet loss and tells how well they find their own kind.
//     dotnet fsi samples/scripts/train.fsx
#load "setup.fsx"

open System.Threading
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
        torch.nn.Linear(128L, 64L),
        torch.nn.ReLU()
    )

let embedder = torch.nn.Linear(64L, 32L)

let options =
    RunOptions(
        Models = Models(Trunk = trunk, Embedder = embedder),
        LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss(margin = 0.1)),
        Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3)),
        BatchSize = 40,
        Dataset = TrainingData.FromTensors(train.Pictures, train.Labels),
        MiningFuncs = MiningFuncs(TupleMiner = MultiSimilarityMiner()),
        Sampler = MPerClassSampler(train.Labels.data<int64>().ToArray(), 4, 40, 1078L),
        Seed = 1L
    )

let score () =
    use _ = torch.no_grad ()
    (Retrieval.score (embedder.call (trunk.call test.Pictures)) test.Labels).MapAtR

printfn "MAP@R before %.3f" (score ())
let run = Session.Start(Setup.prepare MetricLossOnly.recipe options)

for event in run.Train(None, 3, CancellationToken.None) do
    if event = Event.EpochEnded then
        let means = Progress.epochMeans run.Progress
        printfn "epoch %d: mean loss %.4f" run.Progress.Epoch means[Keys.TotalLoss]

printfn "MAP@R after %.3f" (score ())
