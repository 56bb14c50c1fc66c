using Xunit;

namespace PictureShop;

/// <summary>The page that starts from the data and the question.</summary>
public sealed class Choosing : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor pictures = rand(512, 64, generator: new Generator(1));
    private readonly nn.Module<Tensor, Tensor> trunk = nn.Linear(64, 48);
    private readonly nn.Module<Tensor, Tensor> embedder = nn.Linear(48, 32);

    private static long[] Labels(int classes) => [.. Enumerable.Range(0, 512).Select(row => (long)(row % classes))];

    private TrainerOptions Common(long[] labels) =>
        new()
        {
            Models = new() { Trunk = trunk, Embedder = embedder },
            Optimizers = new() { Trunk = PureOptimizer.Adam(1e-4), Embedder = PureOptimizer.Adam(1e-3) },
            LossFuncs = new() { MetricLoss = new MultiSimilarityLoss() },
            BatchSize = 64,
            Dataset = TrainingData.FromTensors(pictures, labels),
        };

    private static void Trains(TrainerOptions options)
    {
        using var trainer = new MetricLossOnly(options);
        Assert.Empty(trainer.Warnings);
        trainer.Step();
        Assert.True(trainer.Losses["metric_loss"] > 0);
    }

    [Fact]
    public void The_default()
    {
        var labels = Labels(16);
        var dataset = TrainingData.FromTensors(pictures, labels);

        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-4), Embedder = PureOptimizer.Adam(1e-3) },
                BatchSize = 64,
                LossFuncs = new() { MetricLoss = new MultiSimilarityLoss() },
                MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner() },
                Dataset = dataset,
                Sampler = new MPerClassSampler(labels, m: 4, batchSize: 64, lengthBeforeNewIter: labels.Length),
            }
        );

        trainer.Train(1);
        Assert.True(trainer.Losses["metric_loss"] > 0);
    }

    [Fact]
    public void Many_classes()
    {
        var labels = Labels(256);
        var common = Common(labels);

        var options = new TrainerOptions(common)
        {
            LossFuncs = new() { MetricLoss = new NTXentLoss(temperature: 0.1) },
            BatchSize = 512,
            MicroBatchSize = 64,
            Sampler = new MPerClassSampler(labels, m: 2, batchSize: 512, lengthBeforeNewIter: labels.Length),
        };

        Trains(options);
    }

    [Fact]
    public void A_fixed_set_of_classes()
    {
        var common = Common(Labels(100));

        var options = new TrainerOptions(common)
        {
            LossFuncs = new() { MetricLoss = new ProxyAnchorLoss(numClasses: 100, embeddingSize: 32) },
            Optimizers = new()
            {
                Trunk = PureOptimizer.Adam(1e-4),
                Embedder = PureOptimizer.Adam(1e-3),
                MetricLoss = PureOptimizer.Adam(1e-2),
            },
        };

        Trains(options);
    }

    [Fact]
    public void A_memory()
    {
        var loss = new CrossBatchMemory(new ContrastiveLoss(), embeddingSize: 32, memorySize: 4096, warmUp: 100);

        Trains(new TrainerOptions(Common(Labels(16))) { LossFuncs = new() { MetricLoss = loss } });
    }

    [Fact]
    public void Noisy_labels()
    {
        var (embeddings, labels) = (rand(20, 32, generator: new Generator(1)), arange(20) % 10);

        var loss = new SubCenterArcFaceLoss(numClasses: 10, embeddingSize: 32, subCenters: 3);
        // … after training:
        var (outliers, centers) = loss.GetOutliers(embeddings, labels, threshold: 75);

        Assert.Equal(1, outliers.dim());
        Assert.Equal(2, centers.dim());
    }

    [Fact]
    public void No_labels()
    {
        var options = Common(Labels(1));
        var samples = TrainingData.FromSamples(
            pictures.size(0),
            (index, seed) => pictures[index] + 0.1f * (float)seed.Random().NextDouble()
        );

        using var trainer = new MultiViewMetricLoss(
            new TrainerOptions(options)
            {
                LossFuncs = new() { MetricLoss = new NTXentLoss(temperature: 0.2) },
                Dataset = samples.ToViews(),
            }
        );

        trainer.Step();
        Assert.True(trainer.Losses["metric_loss"] > 0);
    }

    [Fact]
    public void A_hierarchy_of_labels()
    {
        var common = Common(Labels(32));
        var levels = stack([arange(512) % 32, arange(512) % 4], 1);

        var options = new TrainerOptions(common)
        {
            Dataset = TrainingData.FromTensors(pictures, levels),
            Sampler = new HierarchicalSampler(levels, batchSize: 64, samplesPerClass: 4),
            LabelHierarchyLevel = 0,
        };

        Trains(options);
    }

    [Fact]
    public void One_threshold_for_all()
    {
        using var model = new InferenceModel(trunk, embedder);
        var validation = TrainingData.FromTensors(pictures[0..60], Labels(6)[..60]);

        using var loss = new MultipleLosses([new MultiSimilarityLoss(), new ThresholdConsistentMarginLoss()]);
        // … after training:
        var calibrated = model.CalibrateThreshold(validation, CalibrationGoal.FalseAcceptRate(0.01));

        Assert.True(calibrated.FalseAcceptRate <= 0.01);
        Trains(new TrainerOptions(Common(Labels(16))) { LossFuncs = new() { MetricLoss = loss } });
    }

    [Fact]
    public void Small_embeddings()
    {
        var tester = new GlobalEmbeddingSpaceTester(new TesterOptions { Pca = 16 });

        using var embedded = tester.GetAllEmbeddings(Common(Labels(16)).Dataset, trunk, embedder);
        Assert.Equal(512, embedded.Embeddings.size(0));
    }

    public void Dispose() => scope.Dispose();
}
