// Learns an embedding in which pictures of the same digit are near each other, and says how well it works for pictures that it
// never saw: P@1, how often the nearest of them shows the same digit, and MAP@R, how well all of them are ranked.
using System.IO.Compression;
using MetricLearning;
using TorchSharp;
using static TorchSharp.torch;

TensorMemory.Keep();
random.manual_seed(0);
var (train, test) = ReadDigits();

var trunk = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU());
var embedder = nn.Linear(64, 32);
using var model = new InferenceModel(trunk, embedder);
Console.WriteLine($"untrained  {Score()}");

using var trainer = new MetricLossOnly(
    new TrainerOptions
    {
        Models = new() { Trunk = trunk, Embedder = embedder },
        Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3) },
        BatchSize = 40,
        LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.1) },
        MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) },
        Dataset = TrainingData.FromTensors(train.Pictures, train.Labels),
        Sampler = new MPerClassSampler(
            train.Labels,
            m: 4,
            batchSize: 40,
            lengthBeforeNewIter: (int)train.Labels.size(0)
        ),
        Seed = 1,
        EndOfEpochHook = trainer =>
        {
            Console.WriteLine($"epoch {trainer.Epoch, 2}   {Score()}");
            return true;
        },
    }
);
trainer.Train(numEpochs: 10);

string Score()
{
    using var scope = NewDisposeScope();
    var scores = new AccuracyCalculator(include: ["precision_at_1", "mean_average_precision_at_r"]).GetAccuracy(
        model.GetEmbeddings(test.Pictures),
        test.Labels
    );
    return $"P@1 {scores["precision_at_1"].Value:0.000}  MAP@R {scores["mean_average_precision_at_r"].Value:0.000}";
}

// A digit a line: 64 pixels from 0 to 16, and which digit it is. Every fifth is to test with.
static (Digits Train, Digits Test) ReadDigits()
{
    using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, "data", "digits.csv.gz"));
    using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
    var rows = reader
        .ReadToEnd()
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => Array.ConvertAll(line.Split(','), long.Parse))
        .ToArray();

    Digits Part(Func<int, bool> isOf)
    {
        var part = rows.Where((_, number) => isOf(number)).ToArray();
        var pixels = part.SelectMany(row => row[..64]).Select(ink => ink / 16f).ToArray();
        return new(tensor(pixels).reshape(-1, 64), tensor(part.Select(row => row[64]).ToArray()));
    }

    return (Part(number => number % 5 > 0), Part(number => number % 5 == 0));
}

internal sealed record Digits(Tensor Pictures, Tensor Labels);
