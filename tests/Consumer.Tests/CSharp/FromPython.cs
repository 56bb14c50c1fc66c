using MetricLearning.Tests;
using MetricLearning.Tests.Logging;
using MetricLearning.Tests.Training;
using Xunit;

namespace PictureShop;

/// <summary>The page for those who come from pytorch-metric-learning.</summary>
public sealed class FromPython : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor pictures = rand(80, 64, generator: new Generator(1));
    private readonly long[] labels = [.. Enumerable.Range(0, 80).Select(row => (long)(row % 10))];
    private readonly nn.Module<Tensor, Tensor> trunk = nn.Linear(64, 48);
    private readonly nn.Module<Tensor, Tensor> embedder = nn.Linear(48, 32);

    [Fact]
    public void A_loop_by_hand()
    {
        var (model, lossFunc, miner) = (trunk, new TripletMarginLoss(margin: 0.5), new MultiSimilarityMiner());
        var optimizer = optim.SGD(model.parameters(), 0.1);
        var before = model.parameters().First().clone();
        (Tensor, Tensor)[] loader = [(pictures[0..40], tensor(labels[..40])), (pictures[40..80], tensor(labels[40..]))];

        foreach (var (data, labels) in loader)
        {
            using var scope = NewDisposeScope();
            optimizer.zero_grad();
            var embeddings = model.call(data);
            var tuples = miner.Mine(embeddings, labels);
            lossFunc.Compute(embeddings, labels, tuples).backward();
            optimizer.step();
        }

        Assert.False(model.parameters().First().allclose(before));
    }

    [Fact]
    public void A_trainer_with_a_miner()
    {
        var dataset = TrainingData.FromTensors(pictures, labels);

        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new()
                {
                    Trunk = optim.Adam(trunk.parameters(), lr: 1e-3),
                    Embedder = optim.Adam(embedder.parameters(), lr: 1e-3),
                },
                BatchSize = 40,
                LossFuncs = new()
                {
                    MetricLoss = new TripletMarginLoss(margin: 0.1) { Distance = new CosineSimilarity() },
                },
                Dataset = dataset,
                MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) },
                Sampler = new MPerClassSampler(labels, m: 4, batchSize: 40, lengthBeforeNewIter: labels.Length),
            }
        );

        trainer.Train(numEpochs: 10);

        Assert.Equal(10, trainer.Epoch);
    }

    [Fact]
    public void Evaluation_and_early_stopping()
    {
        using var place = new TemporaryFolder();
        using var scenario = new Scenario();
        var (records, models, options) = (place.At("records"), place.At("models"), scenario.Options);
        var validation = TrainingData.FromTensors(scenario.Data, scenario.Labels);

        using var keeper = LoggingPresets.GetRecordKeeper(records);
        var hooks = LoggingPresets.GetHookContainer(keeper, primaryMetric: "precision_at_1");
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions { AccuracyCalculator = new AccuracyCalculator(include: ["precision_at_1"], k: 1) }
        );

        using var trainer = new MetricLossOnly(
            new TrainerOptions(options)
            {
                EndOfIterationHook = hooks.EndOfIterationHook,
                EndOfEpochHook = hooks.EndOfEpochHook(tester, new() { ["val"] = validation }, models, patience: 3),
            }
        );

        trainer.Train(numEpochs: 20);

        var best = hooks.GetBestEpochAndAccuracy(tester, "val")!.Value.Epoch;
        Assert.True(trainer.Epoch == 20 || trainer.Epoch == best + 4, $"{trainer.Epoch} after {best}");
    }

    [Fact]
    public void Inference()
    {
        var (gallery, queries, others) = (pictures[0..60], pictures[60..70], pictures[70..80]);

        using var model = new InferenceModel(trunk, embedder, new MatchFinder(new CosineSimilarity(), threshold: 0.8));
        model.TrainKnn(gallery);
        var (distances, indices) = model.GetNearestNeighbors(queries, k: 5);
        bool[] same = model.IsMatch(queries, others);

        Assert.Equal([10, 5], distances.shape);
        Assert.Equal([10, 5], indices.shape);
        Assert.Equal(10, same.Length);
    }

    [Fact]
    public void Losses_with_a_memory_or_weights()
    {
        {
            var loss = new CrossBatchMemory(
                new ContrastiveLoss(),
                embeddingSize: 32,
                memorySize: 512,
                miner: new MultiSimilarityMiner()
            );
            Assert.False(loss.HasBeenFilled);
        }
        {
            var optimizers = new Optimizers { Trunk = PureOptimizer.Adam(1e-3) };

            var loss = new ArcFaceLoss(numClasses: 10, embeddingSize: 32);
            optimizers.MetricLoss = optim.Adam(loss.parameters(), lr: 1e-2);

            Assert.Equal(["metric_loss_optimizer", "trunk_optimizer"], optimizers.Keys.Order());
        }
    }

    [Fact]
    public void Weights_come_over()
    {
        using var place = new TemporaryFolder();
        var folder = place.Path;
        using var loss = new ArcFaceLoss(numClasses: 10, embeddingSize: 32);
        // Files are read by what they hold, whatever they are called.
        PretrainedWeights.Save(trunk, place.At("trunk.pth"));
        PretrainedWeights.Save(loss, place.At("loss.pth"));

        PretrainedWeights.Load(trunk, Path.Combine(folder, "trunk.pth"));
        PretrainedWeights.Load(loss, Path.Combine(folder, "loss.pth"));

        Assert.Equal(["W"], loss.state_dict().Keys);
    }

    [Fact]
    public void Every_part_of_the_library_is_on_the_page()
    {
        Type[] bases =
        [
            typeof(BaseTrainer),
            typeof(BaseTester),
            typeof(Loss),
            typeof(Miner),
            typeof(Distance),
            typeof(Reducer),
            typeof(Regularizer),
            typeof(Sampler),
            typeof(BatchSampler),
        ];
        var page = PageTests.Read("docs/from-python.md");
        var parts = new[] { typeof(Loss).Assembly, typeof(BaseTrainer).Assembly }
            .SelectMany(assembly => assembly.GetExportedTypes())
            .Where(type => type is { IsAbstract: false } && Array.Exists(bases, type.IsSubclassOf))
            .ToArray();

        Assert.True(parts.Length > 70, $"{parts.Length} parts");
        Assert.All(parts, part => Assert.Contains($"`{part.Name}`", page, StringComparison.Ordinal));
    }

    public void Dispose() => scope.Dispose();
}
