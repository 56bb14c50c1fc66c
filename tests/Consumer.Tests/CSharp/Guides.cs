using Xunit;

namespace PictureShop;

/// <summary>The page of every trainer.</summary>
public sealed class Guides : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor pictures = rand(80, 64, generator: new Generator(1));
    private readonly Tensor labels = arange(80) % 10;
    private readonly nn.Module<Tensor, Tensor> trunk = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64));
    private readonly nn.Module<Tensor, Tensor> embedder = nn.Linear(64, 32);

    [Fact]
    public void MetricLossOnly_trains()
    {
        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3) },
                BatchSize = 40,
                LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.1) },
                MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) },
                Dataset = TrainingData.FromTensors(pictures, labels),
                Sampler = new MPerClassSampler(labels, m: 4, batchSize: 40, lengthBeforeNewIter: labels.size(0)),
            }
        );

        trainer.Train(numEpochs: 10);

        HasTrained(trainer, "metric_loss");
    }

    [Fact]
    public void TrainWithClassifier_trains()
    {
        var classifier = nn.Linear(32, 10);

        using var trainer = new TrainWithClassifier(
            new TrainerOptions
            {
                Models = new()
                {
                    Trunk = trunk,
                    Embedder = embedder,
                    Classifier = classifier,
                },
                Optimizers = new()
                {
                    Trunk = PureOptimizer.Adam(1e-3),
                    Embedder = PureOptimizer.Adam(1e-3),
                    Classifier = PureOptimizer.Adam(1e-3),
                },
                BatchSize = 40,
                LossFuncs = new()
                {
                    MetricLoss = new TripletMarginLoss(margin: 0.1),
                    ClassifierLoss = nn.CrossEntropyLoss(),
                },
                LossWeights = new() { MetricLoss = 1, ClassifierLoss = 0.5 },
                MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) },
                Dataset = TrainingData.FromTensors(pictures, labels),
                Sampler = new MPerClassSampler(labels, m: 4, batchSize: 40, lengthBeforeNewIter: labels.size(0)),
            }
        );

        trainer.Train(numEpochs: 10);

        HasTrained(trainer, "metric_loss", "classifier_loss");
    }

    [Fact]
    public void CascadedEmbeddings_trains()
    {
        var embedder = nn.Linear(64, 48);

        using var trainer = new CascadedEmbeddings(
            [16, 16, 16],
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3) },
                BatchSize = 40,
                LossFuncs = new()
                {
                    ["metric_loss_0"] = new ContrastiveLoss(negMargin: 0.5),
                    ["metric_loss_1"] = new MultiSimilarityLoss(alpha: 0.1, beta: 40),
                    ["metric_loss_2"] = new CircleLoss(),
                },
                MiningFuncs = new()
                {
                    ["tuple_miner_1"] = new MultiSimilarityMiner(),
                    ["tuple_miner_2"] = new HDCMiner(filterPercentage: 0.25),
                },
                Dataset = TrainingData.FromTensors(pictures, labels),
                Sampler = new MPerClassSampler(labels, m: 4, batchSize: 40, lengthBeforeNewIter: labels.size(0)),
            }
        );

        trainer.Train(numEpochs: 10);

        HasTrained(trainer, "metric_loss_0", "metric_loss_1", "metric_loss_2");
    }

    [Fact]
    public void TwoStreamMetricLoss_trains()
    {
        var (sketches, photos) = (pictures, pictures + 0.1f);

        using var trainer = new TwoStreamMetricLoss(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3) },
                BatchSize = 40,
                LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.2) },
                MiningFuncs = new() { TupleMiner = new TripletMarginMiner(margin: 0.2) },
                Dataset = TrainingData.FromTensors([sketches, photos], labels),
            }
        );

        trainer.Train(numEpochs: 10);

        HasTrained(trainer, "metric_loss");
    }

    [Fact]
    public void Pairs_are_drawn_from_the_seed_of_the_sample()
    {
        var digits = Enumerable.Range(0, 80).Select(row => row % 10).ToArray();
        var rows = Enumerable.Range(0, 80).ToLookup(row => digits[row]);

        var pairs = TrainingData.FromSamples(
            digits.Length,
            (row, seed) =>
            {
                var same = rows[digits[row]];
                var partner = same.ElementAt(seed.Random().Next(same.Count()));
                return (pictures[row], pictures[partner], digits[row]);
            }
        );

        double Loss()
        {
            manual_seed(1);
            using var trainer = new TwoStreamMetricLoss(
                new()
                {
                    Models = new() { Trunk = nn.Linear(64, 8) },
                    Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3) },
                    BatchSize = 40,
                    LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.2) },
                    Dataset = pairs,
                    Seed = 1,
                }
            );
            trainer.Train(2);
            return trainer.Losses["metric_loss"];
        }

        Assert.True(Loss() > 0);
        Assert.Equal(Loss(), Loss());
    }

    [Fact]
    public void DeepAdversarialMetricLearning_trains()
    {
        var generator = nn.Sequential(nn.Linear(3 * 64, 64), nn.ReLU(), nn.Linear(64, 64));

        using var trainer = new DeepAdversarialMetricLearning(
            new TrainerOptions
            {
                Models = new()
                {
                    Trunk = trunk,
                    Embedder = embedder,
                    Generator = generator,
                },
                Optimizers = new()
                {
                    Trunk = PureOptimizer.Adam(1e-3),
                    Embedder = PureOptimizer.Adam(1e-3),
                    Generator = PureOptimizer.Adam(1e-3),
                },
                BatchSize = 40,
                LossFuncs = new()
                {
                    MetricLoss = new TripletMarginLoss(margin: 0.1),
                    GAdvLoss = new TripletMarginLoss(margin: 0.1),
                    SynthLoss = new TripletMarginLoss(margin: 0.1),
                },
                LossWeights = new()
                {
                    MetricLoss = 1,
                    SynthLoss = 0.1,
                    GAdvLoss = 0.1,
                    GHardLoss = 0.1,
                    GRegLoss = 0.1,
                },
                Dataset = TrainingData.FromTensors(pictures, labels),
                Sampler = new MPerClassSampler(labels, m: 4, batchSize: 40, lengthBeforeNewIter: labels.size(0)),
            },
            metricAloneEpochs: 2,
            gAloneEpochs: 2,
            gTripletsPerAnchor: 5
        );

        trainer.Train(numEpochs: 10);

        HasTrained(trainer, "metric_loss", "g_adv_loss", "g_hard_loss", "g_reg_loss", "synth_loss");
    }

    private static void HasTrained(BaseTrainer trainer, params string[] losses)
    {
        Assert.Equal(19, trainer.GlobalIteration);
        Assert.Equal(losses.Append("total_loss").Order(), trainer.EpochLosses.Keys.Order());
        // A single loss may have become 0 for every triplet: how the networks start is chance.
        Assert.All(trainer.EpochLosses, loss => Assert.True(loss.Value >= 0, loss.Key));
        Assert.True(trainer.EpochLosses["total_loss"] > 0);
    }

    public void Dispose() => scope.Dispose();
}
