using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Trainers;

/// <summary>
/// A small problem for each trainer: 24 samples of 4 numbers in 4 classes, a trunk with batch norm (4 → 6), an
/// embedder (6 → 4), two sections of 2 in the cascade; 3 iterations of 8 samples an epoch. The adversarial trainer spends
/// the first epoch on the metric, the second on the generator.
/// </summary>
internal sealed class AnyTrainer : IDisposable
{
    private readonly string name;
    private readonly List<optim.Optimizer> optimizers = [];

    public static TheoryData<string> Names =>
        [
            nameof(MetricLossOnly),
            nameof(TrainWithClassifier),
            nameof(CascadedEmbeddings),
            nameof(TwoStreamMetricLoss),
            nameof(DeepAdversarialMetricLearning),
            nameof(MultiViewMetricLoss),
            nameof(MomentumContrast),
        ];

    public Tensor Data { get; }
    public long[] Labels { get; } = [.. Enumerable.Range(0, 24).Select(index => (long)(index % 4))];
    public TrainerOptions Options { get; }

    public AnyTrainer(string name, ScalarType dtype = ScalarType.Float32)
    {
        this.name = name;
        manual_seed(7);
        Data = randn(24, 4, dtype: dtype);
        static nn.Module Trunk() =>
            nn.Sequential(("fc", nn.Linear(4, 6)), ("bn", nn.BatchNorm1d(6)), ("relu", nn.ReLU()));

        Models models = new() { Trunk = Trunk(), Embedder = nn.Linear(6, 4) };
        LossFuncs losses = new() { MetricLoss = new TripletMarginLoss(margin: 0.3) };

        switch (name)
        {
            case nameof(TrainWithClassifier):
                models.Classifier = nn.Linear(4, 4);
                losses.ClassifierLoss = nn.CrossEntropyLoss();
                break;
            case nameof(CascadedEmbeddings):
                models["classifier_1"] = nn.Linear(2, 4);
                losses = new()
                {
                    ["metric_loss_0"] = new TripletMarginLoss(margin: 0.3),
                    ["metric_loss_1"] = new ArcFaceLoss(numClasses: 4, embeddingSize: 2),
                    ["classifier_loss_1"] = nn.CrossEntropyLoss(),
                };
                break;
            case nameof(DeepAdversarialMetricLearning):
                models.Classifier = nn.Linear(4, 4);
                models.Generator = nn.Sequential(("fc", nn.Linear(18, 6)));
                losses.MetricLoss = new ArcFaceLoss(numClasses: 4, embeddingSize: 4);
                losses.ClassifierLoss = nn.CrossEntropyLoss();
                losses.SynthLoss = new TripletMarginLoss(margin: 0.3);
                losses.GAdvLoss = new TripletMarginLoss(margin: -0.2);
                break;
            case nameof(MomentumContrast):
                models.MomentumTrunk = Trunk();
                models.MomentumEmbedder = nn.Linear(6, 4);
                losses.MetricLoss = new CrossBatchMemory(new NTXentLoss(), embeddingSize: 4, memorySize: 20);
                break;
        }

        Optimizers steps = [];

        foreach (var (key, module) in models.Concat(losses))
        {
            module.to(dtype);

            if (Learns(key) && module.parameters().Any())
            {
                var optimizer = optim.Adam(module.parameters(), 0.02);
                optimizers.Add(optimizer);
                steps[$"{key}_optimizer"] = optimizer;
            }
        }

        Options = new()
        {
            Models = models,
            LossFuncs = losses,
            Optimizers = steps,
            BatchSize = 8,
            Dataset = DatasetOf(Labels),
            DataloaderNumWorkers = 0,
            Seed = 5,
        };
    }

    // Not so one that follows another.
    private static bool Learns(string key) => !key.StartsWith("momentum_", StringComparison.Ordinal);

    /// <summary>The networks that learn.</summary>
    public IEnumerable<KeyValuePair<string, nn.Module>> Learning => Options.Models.Where(entry => Learns(entry.Key));

    /// <summary>The network that only this trainer has, else the embedder.</summary>
    public string Last => Learning.Last().Key;

    /// <summary>The data with these labels, in as many streams as the trainer takes.</summary>
    public TrainingData DatasetOf(object labels) =>
        name is nameof(TwoStreamMetricLoss) or nameof(MultiViewMetricLoss) or nameof(MomentumContrast)
            ? TrainingData.FromTensors([Data, Data.roll(4, 0)], labels)
            : TrainingData.FromTensors(Data, labels);

    public BaseTrainer Create(TrainerOptions options) =>
        name switch
        {
            nameof(MetricLossOnly) => new MetricLossOnly(options),
            nameof(TrainWithClassifier) => new TrainWithClassifier(options),
            nameof(CascadedEmbeddings) => new CascadedEmbeddings([2, 2], options),
            nameof(TwoStreamMetricLoss) => new TwoStreamMetricLoss(options),
            nameof(MultiViewMetricLoss) => new MultiViewMetricLoss(options),
            nameof(MomentumContrast) => new MomentumContrast(options, momentum: 0.8),
            _ => new DeepAdversarialMetricLearning(
                options,
                metricAloneEpochs: 1,
                gAloneEpochs: 1,
                gTripletsPerAnchor: 3
            ),
        };

    public BaseTrainer Create() => Create(Options);

    /// <summary>The bytes of the weights and buffers of a network or loss.</summary>
    public string WeightsOf(string key)
    {
        var module = Options.Models.GetValueOrDefault(key) ?? Options.LossFuncs[key];
        return Training.Scenario.Weights(
            new TrainerOptions(Options)
            {
                Models = new() { Trunk = module },
                LossFuncs = [],
            }
        );
    }

    public string Weights() => Training.Scenario.Weights(Options);

    public void Dispose()
    {
        foreach (var module in Options.Models.Values.Concat(Options.LossFuncs.Values))
        {
            module.Dispose();
        }

        optimizers.ForEach(optimizer => optimizer.Dispose());
        Data.Dispose();
    }
}
