/// A run that trains in no time, and files of the repository.
module PictureShop.SmallRun

open System
open System.IO
open TorchSharp
open MetricLearning
open MetricLearning.Core

let prepare () : Run =
    Setup.prepare
        MetricLossOnly.recipe
        (RunOptions(
            Models = Models(Trunk = torch.nn.Linear(6L, 4L)),
            Optimizers = Optimizers(Trunk = PureOptimizer.Adam(lr = 0.01)),
            BatchSize = 8,
            LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss(margin = 1.0)),
            Dataset = TrainingData.FromTensors(torch.rand (24L, 6L), torch.arange(24L).remainder(4L.ToScalar())),
            DataloaderNumWorkers = 0,
            Seed = 4L
        ))

/// The full path of a file of the repository.
let file (path: string) : string =
    let rec above (folder: DirectoryInfo | null) =
        match folder with
        | null -> invalidOp "The tests run outside of the repository."
        | folder when File.Exists(Path.Combine(folder.FullName, "MetricLearning.sln")) -> folder.FullName
        | folder -> above folder.Parent

    Path.Combine(above (DirectoryInfo AppContext.BaseDirectory), path)
