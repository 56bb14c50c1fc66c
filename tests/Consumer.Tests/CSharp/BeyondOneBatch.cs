using Xunit;

namespace PictureShop;

/// <summary>The page on large batches.</summary>
public sealed class BeyondOneBatch : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor pictures = rand(4096, 64, generator: new Generator(1));
    private readonly Tensor labels = arange(4096) % 10;

    [Fact]
    public void Micro_batches_train()
    {
        var trunk = nn.Linear(64, 64);
        var embedder = nn.Linear(64, 32);

        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3) },
                LossFuncs = new() { MetricLoss = new NTXentLoss(temperature: 0.1) },
                BatchSize = 2048,
                MicroBatchSize = 64,
                Dataset = TrainingData.FromTensors(pictures, labels),
            }
        );

        trainer.Train(1);
        Assert.True(trainer.Losses["metric_loss"] > 0);
        Assert.Equal(1, trainer.GlobalIteration);
    }

    [Fact]
    public void Losses_say_how_much_memory_they_take()
    {
        var loss = new NTXentLoss { MaxMemory = 4L << 30 };

        Assert.Equal(4L * 1024 * 1024 * 1024, loss.MaxMemory);
    }

    [Fact]
    public void Memory_between_iterations_is_kept()
    {
        TensorMemory.Keep();

        Assert.Equal(TensorMemory.Keep(), TensorMemory.Keep());
    }

    public void Dispose() => scope.Dispose();
}
