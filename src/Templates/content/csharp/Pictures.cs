// Learns what makes pictures of a class alike, from a folder with a subfolder for each class:
//     dotnet run -c Release -- FOLDER [EPOCHS]
// A quarter of the classes is kept to test with: the scores are those of classes that no weight has seen. Stopped at any moment,
// it goes on where it was.
using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;

if (args.Length == 0 || !int.TryParse(args.ElementAtOrDefault(1) ?? "20", out var epochs))
{
    Console.Error.WriteLine(
        "Name a folder of pictures with a subfolder for each class: dotnet run -c Release -- FOLDER [EPOCHS]"
    );
    return 1;
}

TensorMemory.Keep();
random.manual_seed(0);
var (train, test) = PictureSet.FromFolder(args[0], OnBroken.Skip).SplitByClass(0.75, Seed.Of(1));
Console.WriteLine(
    $"{train.Count} pictures of {train.Classes.Count} classes to train on, {test.Count} of {test.Classes.Count} others to test with"
);

var (trunk, embedder) = Networks.Make();
using var model = new InferenceModel(trunk, embedder, dataloaderNumWorkers: 2);
Console.WriteLine($"untrained  {Score()}");

var changes = Augment.Compose(Augment.Scale(0.8, 1.2), Augment.Shift(0.08), Augment.ColorJitter(0.3, 0.3, 0.4));
using var trainer = new MetricLossOnly(
    new TrainerOptions
    {
        Models = new() { Trunk = trunk, Embedder = embedder },
        Optimizers = new() { Trunk = PureOptimizer.AdamW(2e-3), Embedder = PureOptimizer.AdamW(2e-3) },
        BatchSize = 64,
        LossFuncs = new() { MetricLoss = new MultiSimilarityLoss() },
        MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner() },
        Dataset = train.ToTrainingData(Networks.Format, changes),
        Sampler = new MPerClassSampler(
            train.Labels,
            m: 4,
            batchSize: 64,
            lengthBeforeNewIter: Math.Max(64, train.Count)
        ),
        DataloaderNumWorkers = 2,
        Checkpoints = new() { Folder = "checkpoints", EveryIterations = 100 },
        Seed = 1,
        EndOfEpochHook = trainer =>
        {
            Console.WriteLine($"epoch {trainer.Epoch, 3}  {Score()}");
            return true;
        },
    }
);
trainer.ResumeLatest();
trainer.Train(epochs);

model.CalibrateThreshold(train.ToTrainingData(Networks.Format), CalibrationGoal.FalseAcceptRate(0.01));
model.Save("model.safetensors");
Console.WriteLine("model.safetensors holds the networks and the distance below which two pictures are of one class");
return 0;

string Score()
{
    using var scope = NewDisposeScope();
    var (embeddings, labels) = model.GetLabelledEmbeddings(test.ToTrainingData(Networks.Format));
    var scores = new AccuracyCalculator(include: ["precision_at_1", "mean_average_precision_at_r"]).GetAccuracy(
        embeddings,
        labels.select(1, 0)
    );
    return $"P@1 {scores["precision_at_1"].Value:0.000}  MAP@R {scores["mean_average_precision_at_r"].Value:0.000}";
}
