using MetricLearning;
using static TorchSharp.torch;

namespace PictureShop;

using Xunit;

/// <summary>The page README.</summary>
public sealed class Readme
{
    [Fact]
    public void It_trains()
    {
        // Random pictures of ten classes; yours come from files.
        var pictures = rand(1078, 64);
        var labels = arange(1078) % 10;

        var trunk = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU());
        var embedder = nn.Linear(64, 32);

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
                LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.1) },
                MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner(epsilon: 0.1) },
                Dataset = TrainingData.FromTensors(pictures, labels),
                Sampler = new MPerClassSampler(labels, m: 4, batchSize: 40, lengthBeforeNewIter: 1078),
                EndOfEpochHook = trainer =>
                {
                    Console.WriteLine($"epoch {trainer.Epoch}: {trainer.EpochLosses["total_loss"]:F4}");
                    return true;
                },
            }
        );

        trainer.Train(numEpochs: 10);

        Assert.Equal(259, trainer.GlobalIteration);
        Assert.True(trainer.EpochLosses["total_loss"] > 0);
    }
}
