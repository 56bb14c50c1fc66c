// Learns what makes pictures of a class alike, from a folder with a subfolder for each class:
//     dotnet run -c Release -- FOLDER [EPOCHS]
// A quarter of the classes is kept to test with: the scores are those of classes that no weight has seen.
open System
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

let train (folder: string) (epochs: int) =
    TensorMemory.Keep() |> ignore
    torch.random.manual_seed 0L |> ignore

    let struct (train, test) =
        PictureSet.FromFolder(folder, OnBroken.Skip).SplitByClass(0.75, Seed.Of 1L)

    printfn
        $"{train.Count} pictures of {train.Classes.Count} classes to train on, {test.Count} of {test.Classes.Count} others to test with"

    let trunk, embedder = Networks.make ()
    use model = new InferenceModel(trunk, embedder, dataloaderNumWorkers = 2)

    let score () =
        use _ = torch.NewDisposeScope()
        let found = model.GetLabelledEmbeddings(test.ToTrainingData Networks.format)

        let scores =
            AccuracyCalculator().GetAccuracy(found.Embeddings, found.Labels.select (1L, 0L))

        let first, ranked =
            scores["precision_at_1"].Value, scores["mean_average_precision_at_r"].Value

        $"P@1 {first:F3}  MAP@R {ranked:F3}"

    printfn $"untrained  {score ()}"

    let changes =
        Augment.Compose(Augment.Scale(0.8, 1.2), Augment.Shift 0.08, Augment.ColorJitter(0.3, 0.3, 0.4))

    let run =
        Setup.prepare
            MetricLossOnly.recipe
            (RunOptions(
                Models = Models(Trunk = trunk, Embedder = embedder),
                Optimizers = Optimizers(Trunk = PureOptimizer.AdamW 2e-3, Embedder = PureOptimizer.AdamW 2e-3),
                BatchSize = 64,
                LossFuncs = LossFuncs(MetricLoss = new MultiSimilarityLoss()),
                MiningFuncs = MiningFuncs(TupleMiner = MultiSimilarityMiner()),
                Dataset = train.ToTrainingData(Networks.format, changes),
                Sampler =
                    MPerClassSampler(train.Labels, m = 4, batchSize = 64, lengthBeforeNewIter = max 64 train.Count),
                DataloaderNumWorkers = 2,
                Seed = 1L
            ))

    use session = Session.Start run

    for event in session.Train(None, epochs, CancellationToken.None) do
        if event.IsEpochEnded then
            printfn $"epoch {session.Progress.Epoch, 3}  {score ()}"

    model.CalibrateThreshold(train.ToTrainingData Networks.format, CalibrationGoal.FalseAcceptRate 0.01)
    |> ignore

    model.Save "model.safetensors"
    printfn "model.safetensors holds the networks and the distance below which two pictures are of one class"

[<EntryPoint>]
let main arguments =
    let epochs =
        match arguments with
        | [| _ |] -> Some 20
        | [| _; number |] ->
            match Int32.TryParse number with
            | true, epochs -> Some epochs
            | _ -> None
        | _ -> None

    match epochs with
    | Some epochs ->
        train arguments[0] epochs
        0
    | None ->
        eprintfn "Name a folder of pictures with a subfolder for each class: dotnet run -c Release -- FOLDER [EPOCHS]"
        1
