/// Runs whose labels are rows of classes.
module MetricLearning.Core.Tests.Support.SeveralLabelRuns

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.SeveralLabels

/// The comparison of rows.
let any = LabelComparison.AnyInCommon

/// A layer with the same weights every time.
let net (inputs: int64) : torch.nn.Module =
    let made = torch.nn.Linear(inputs, 5L)
    use _ = torch.no_grad ()
    use generator = new torch.Generator(31UL)

    for parameter in made.parameters () do
        parameter.copy_ (torch.randn (parameter.shape, generator = generator)) |> ignore

    made

/// One label a sample, of four classes.
let labels () =
    vector (EveryPart.packagedLabels @ EveryPart.packagedLabels)

/// A run of 24 samples.
let plain (losses: (string * torch.nn.Module) list) (miners: (string * Miner) list) (labels: obj) =
    let rows () = (embeddings 3 24).``to`` torch.float32

    RunOptions(
        Models = Models(Trunk = net 5L),
        Optimizers = Optimizers.Of [ "trunk_optimizer", SmallRuns.adam :> AnyOptimizer ],
        LossFuncs = LossFuncs.Of losses,
        MiningFuncs = MiningFuncs.Of [ for key, miner in miners -> key, miner :> obj ],
        BatchSize = 12,
        DataloaderNumWorkers = 0,
        Seed = Nullable 1L,
        Dataset = TrainingData.FromTensors(rows (), labels)
    )

let contrastive (comparison: LabelComparison) : Loss =
    new ContrastiveLoss(LabelComparison = comparison)

let triplets (comparison: LabelComparison) : Loss =
    new TripletMarginLoss(LabelComparison = comparison)

let multiSimilarity (comparison: LabelComparison) : Miner =
    MultiSimilarityMiner(LabelComparison = comparison)

/// The weights of networks after four iterations.
let trained (recipe: Recipe) (options: RunOptions) : float[] list =
    use _ = torch.NewDisposeScope()
    use session = Session.Start(Setup.prepare recipe options)

    for _ in 1..4 do
        SmallRuns.step session

    [
        for _, model in options.Models.Present do
            for parameter in model.parameters () do
                Expectations.floats parameter
    ]
