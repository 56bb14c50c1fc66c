using Xunit;

namespace PictureShop;

/// <summary>Several processes, of which a test is one by itself.</summary>
public sealed class Together
{
    [Fact]
    public void Processes_train()
    {
        using var scope = NewDisposeScope();
        var pictures = TrainingData.FromTensors(rand(512, 64, generator: new Generator(1)), arange(512) % 10);
        var trunk = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 16));
        var isDone = false;
        void Done() => isDone = true;

        SyncBatchNorm.Convert(trunk);

        var processes = Processes.Join();

        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3) },
                BatchSize = 256,
                LossFuncs = new() { MetricLoss = new NTXentLoss() },
                Dataset = pictures,
                Processes = processes,
            }
        );

        trainer.Train(numEpochs: 2);

        if (processes.IsFirst)
        {
            Done();
        }

        Assert.True(isDone);
        Assert.Equal((0, 1, 0, 1), (processes.Rank, processes.Count, processes.LocalRank, processes.LocalCount));
        Assert.Null(processes.Library);
        Assert.Equal(2, trainer.Epoch);
    }
}
