using MetricLearning;
using static TorchSharp.torch;

namespace Digits;

/// <summary>Builds a trainer; the hook is called after every iteration.</summary>
internal delegate BaseTrainer Build(
    Options options,
    int seed,
    EmbeddingNet net,
    DigitSet digits,
    Action<BaseTrainer> endOfIterationHook
);

/// <summary>How the trainers are built: the part of this program to copy.</summary>
internal static class Recipe
{
    private const int BatchSize = 40;
    private const int PicturesPerDigit = 4;
    private const double LearningRate = 1e-3;

    /// <summary>By the name that --loss takes.</summary>
    public static readonly IReadOnlyDictionary<string, Objective> Losses = new Dictionary<string, Objective>
    {
        ["TripletMargin"] = new(() => new TripletMarginLoss(margin: 0.1), () => new MultiSimilarityMiner(epsilon: 0.1)),
        ["Contrastive"] = new(() => new ContrastiveLoss(posMargin: 0, negMargin: 1)),
        ["ArcFace"] = new(() => new ArcFaceLoss(numClasses: 10, embeddingSize: 32)),
    };

    /// <summary>By the name that --trainer takes.</summary>
    public static readonly IReadOnlyDictionary<string, Build> Trainers = new Dictionary<string, Build>
    {
        ["MetricLossOnly"] = MetricLossOnly,
    };

    private static MetricLossOnly MetricLossOnly(
        Options options,
        int seed,
        EmbeddingNet net,
        DigitSet digits,
        Action<BaseTrainer> endOfIterationHook
    )
    {
        var objective = Losses[options.Loss];
        var loss = objective.Loss();

        return new(
            new()
            {
                Models = new() { Trunk = net.Trunk, Embedder = net.Embedder },
                Optimizers = new()
                {
                    Trunk = AdamFor(net.Trunk),
                    Embedder = AdamFor(net.Embedder),
                    MetricLoss = loss.parameters().Any() ? AdamFor(loss) : null,
                },
                BatchSize = BatchSize,
                LossFuncs = new() { MetricLoss = loss },
                MiningFuncs = new() { TupleMiner = objective.Miner?.Invoke() },
                Dataset = TrainingData.FromTensors(digits.Pictures, digits.Labels),
                Sampler = new MPerClassSampler(
                    digits.Labels,
                    m: PicturesPerDigit,
                    batchSize: BatchSize,
                    lengthBeforeNewIter: digits.Count
                ),
                DataloaderNumWorkers = options.Workers,
                EndOfIterationHook = endOfIterationHook,
                Seed = seed,
            }
        );
    }

    private static AnyOptimizer AdamFor(nn.Module module) => optim.Adam(module.parameters(), LearningRate);

    /// <summary>The same in words, for the report.</summary>
    public static (string Name, string Value)[] Settings(Options options) =>
        [
            ("Trainer", options.Trainer),
            ("Loss", Losses[options.Loss].LossInWords),
            ("Miner", Losses[options.Loss].MinerInWords),
            ("Optimizers", $"Adam, learning rate {LearningRate}, one for each part that learns"),
            ("Batches", $"{BatchSize} pictures, {PicturesPerDigit} of each digit"),
        ];
}
