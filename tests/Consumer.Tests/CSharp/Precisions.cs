using TorchSharp;
using Xunit;

namespace PictureShop;

/// <summary>The page on precision.</summary>
public sealed class Precisions : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor pictures = rand(80, 64, generator: new Generator(1));
    private readonly Tensor labels = arange(80) % 10;
    private readonly nn.Module trunk = nn.Linear(64, 64);
    private readonly nn.Module embedder = nn.Linear(64, 32);

    [Fact]
    public void Trainers_testers_and_models_compute_in_bfloat16()
    {
        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3) },
                LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.1) },
                BatchSize = 40,
                Dataset = TrainingData.FromTensors(pictures, labels),
                Precision = Precision.BFloat16,
            }
        );

        trainer.Train(2);
        Assert.Null(trainer.LossScale);

        var tester = new GlobalEmbeddingSpaceTester(new TesterOptions { Precision = Precision.BFloat16 });
        using var model = new InferenceModel(trunk, embedder, precision: Precision.BFloat16);

        var all = new Dictionary<string, TrainingData> { ["val"] = TrainingData.FromTensors(pictures, labels) };
        Assert.NotEmpty(tester.Test(all, 1, trunk, embedder));
        Assert.Equal(ScalarType.Float32, model.GetEmbeddings(pictures).dtype);
    }

    [Fact]
    public void Float16_skips_what_overflows()
    {
        var options = new TrainerOptions
        {
            Models = new() { Trunk = trunk },
            Optimizers = new() { Trunk = PureOptimizer.Adam(1e-3) },
            LossFuncs = new() { MetricLoss = new ContrastiveLoss() },
            BatchSize = 40,
            Dataset = TrainingData.FromTensors(pictures * 1000, labels),
            LossWeights = new() { ["metric_loss"] = 1e5 },
            Precision = Precision.Float16,
        };
        using var trainer = new MetricLossOnly(options);

        foreach (var step in trainer.Events(1))
        {
            if (step.Name == "skip")
                Console.WriteLine($"{trainer.SkippedSteps} skipped, scale of the loss {trainer.LossScale}");
        }

        Assert.Equal(2, trainer.State.Steps);
        Assert.True(trainer.SkippedSteps > 0);
        Assert.True(trainer.LossScale < 65536);
    }

    public void Dispose() => scope.Dispose();
}
