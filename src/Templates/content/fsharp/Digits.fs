// Learns an embedding in which pictures of the same digit are near each other, and says how well it works for pictures that it
// never saw: P@1, how often the nearest of them shows the same digit, and MAP@R, how well all of them are ranked.
open System
open System.IO
open System.IO.Compression
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

// A digit a line: 64 pixels from 0 to 16, and which digit it is. Every fifth is to test with.
let rows =
    use file =
        File.OpenRead(Path.Combine(AppContext.BaseDirectory, "data", "digits.csv.gz"))

    use reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress))

    reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
    |> Array.map (fun line -> line.Split ',' |> Array.map int64)

let part isOf =
    let chosen = rows |> Array.indexed |> Array.filter (fst >> isOf) |> Array.map snd

    let pixels =
        chosen
        |> Array.collect (fun row -> Array.map (fun ink -> float32 ink / 16f) row[..63])

    torch.tensor(pixels).reshape(-1L, 64L), chosen |> Array.map (fun row -> row[64])

let pictures, labels = part (fun number -> number % 5 > 0)
let testPictures, testLabels = part (fun number -> number % 5 = 0)

TensorMemory.Keep() |> ignore
torch.random.manual_seed 0L |> ignore

let trunk =
    torch.nn.Sequential(torch.nn.Linear(64L, 128L), torch.nn.ReLU(), torch.nn.Linear(128L, 64L), torch.nn.ReLU())

let embedder = torch.nn.Linear(64L, 32L)
let model = new InferenceModel(trunk, embedder)

let score () =
    use _ = torch.NewDisposeScope()

    let scores =
        AccuracyCalculator().GetAccuracy(model.GetEmbeddings testPictures, torch.tensor testLabels)

    let first, ranked =
        scores["precision_at_1"].Value, scores["mean_average_precision_at_r"].Value

    $"P@1 {first:F3}  MAP@R {ranked:F3}"

printfn $"untrained  {score ()}"

let run =
    Setup.prepare
        MetricLossOnly.recipe
        (RunOptions(
            Models = Models(Trunk = trunk, Embedder = embedder),
            Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-3, Embedder = PureOptimizer.Adam 1e-3),
            BatchSize = 40,
            LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss(margin = 0.1)),
            MiningFuncs = MiningFuncs(TupleMiner = MultiSimilarityMiner(epsilon = 0.1)),
            Dataset = TrainingData.FromTensors(pictures, torch.tensor labels),
            Sampler = MPerClassSampler(labels, m = 4, batchSize = 40, lengthBeforeNewIter = labels.Length),
            Seed = 1L
        ))

let session = Session.Start run

for event in session.Train(None, 10, CancellationToken.None) do
    if event.IsEpochEnded then
        printfn $"epoch {session.Progress.Epoch, 2}   {score ()}"
