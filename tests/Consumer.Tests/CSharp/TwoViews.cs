using MetricLearning.Tests.Logging;
using Xunit;

namespace PictureShop;

/// <summary>The page about two views of every picture.</summary>
public sealed class TwoViews : IDisposable
{
    private const int BatchSize = 8;

    private readonly TemporaryFolder temporary = new();

    private static nn.Module<Tensor, Tensor> MakeTrunk() =>
        nn.Sequential(
            new PictureNormalization(means: [0.5, 0.5, 0.5], deviations: [0.25, 0.25, 0.25]),
            nn.Conv2d(3, 16, 3, stride: 2),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten()
        );

    private static nn.Module<Tensor, Tensor> MakeProjection() =>
        nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 8));

    // Common to the methods; each gives what is its own.
    private static TrainerOptions Common(nn.Module trunk, nn.Module projection) =>
        new()
        {
            Models = new() { Trunk = trunk, Embedder = projection },
            Optimizers = new() { Trunk = PureOptimizer.AdamW(1e-3), Embedder = PureOptimizer.AdamW(1e-3) },
            BatchSize = BatchSize,
            LossFuncs = new() { MetricLoss = new NTXentLoss() },
            Seed = 1,
        };

    private PictureSet Pictures()
    {
        for (var number = 0; number < 16; number++)
        {
            var pixels = new byte[4 * 20 * 20];
            Seed.Of(1).Derive("picture", number).Random().NextBytes(pixels);
            var file = temporary.At(Path.Combine($"class {number / 4}", $"{number}.png"));
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, Picture.FromPixels(20, 20, pixels).ToPng());
        }

        return PictureSet.FromFolder(temporary.Path);
    }

    [Fact]
    public void SimCLR()
    {
        var pictures = Pictures();
        var format = new PictureFormat(16, 16) { Numbers = PictureNumbers.Bytes };
        var (trunk, projection) = (MakeTrunk(), MakeProjection());

        var augmentation = Augment.Compose(
            Augment.CropResized(16, 16, low: 0.3),
            Augment.Flip(),
            Augment.Maybe(0.8, Augment.ColorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1)),
            Augment.Maybe(0.2, Augment.Grayscale())
        );

        using var trainer = new MultiViewMetricLoss(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = projection },
                Optimizers = new() { Trunk = PureOptimizer.AdamW(1e-3), Embedder = PureOptimizer.AdamW(1e-3) },
                BatchSize = BatchSize,
                LossFuncs = new() { MetricLoss = new NTXentLoss(temperature: 0.2) },
                Dataset = pictures.ToTrainingData(format, augmentation).ToViews(),
            }
        );

        trainer.Train(numEpochs: 2);

        using var model = new InferenceModel(trunk);

        using var found = model.GetEmbeddings(pictures.ToTrainingData(format));
        Assert.Equal([16, 16], found.shape);
        Assert.True(trainer.Losses["metric_loss"] > 0);
    }

    [Fact]
    public void SupCon_and_VICReg()
    {
        var pictures = Pictures();
        var format = new PictureFormat(16, 16) { Numbers = PictureNumbers.Bytes };
        var augmentation = Augment.Flip();
        var data = pictures.ToTrainingData(format, augmentation);
        var (trunk, projection) = (MakeTrunk(), MakeProjection());

        var supCon = new TrainerOptions(Common(trunk, projection))
        {
            LossFuncs = new() { MetricLoss = new SupConLoss(temperature: 0.1) },
            Dataset = data.ToLabelledViews(),
        };

        var vicReg = new TrainerOptions(Common(trunk, projection))
        {
            LossFuncs = new() { MetricLoss = new VICRegLoss() },
            Dataset = data.ToViews(),
        };

        foreach (var options in new[] { supCon, vicReg })
        {
            using var trainer = new MultiViewMetricLoss(options);
            trainer.Step();
            Assert.True(trainer.Losses["metric_loss"] > 0);
        }
    }

    [Fact]
    public void MoCo()
    {
        var data = Pictures().ToTrainingData(new(16, 16) { Numbers = PictureNumbers.Bytes }, Augment.Flip());
        var (trunk, projection) = (MakeTrunk(), MakeProjection());
        var options = Common(trunk, projection);

        using var trainer = new MomentumContrast(
            new TrainerOptions(options)
            {
                Models = new()
                {
                    Trunk = trunk,
                    Embedder = projection,
                    MomentumTrunk = MakeTrunk(),
                    MomentumEmbedder = MakeProjection(),
                },
                LossFuncs = new()
                {
                    MetricLoss = new CrossBatchMemory(
                        new NTXentLoss(temperature: 0.2),
                        embeddingSize: 8,
                        memorySize: 4096
                    ),
                },
                Dataset = data.ToViews(),
            },
            momentum: 0.99
        );

        trainer.Train(numEpochs: 2);
        Assert.True(trainer.Losses["metric_loss"] > 0);
    }

    [Fact]
    public void Samples_of_ones_own()
    {
        var rows = rand(20, 6, generator: new Generator(1));

        var noisy = TrainingData.FromSamples(
            rows.size(0),
            (row, seed) => rows[row] + 0.1 * randn(6, generator: new Generator((ulong)seed.Random().NextInt64()))
        );

        using var trainer = new MultiViewMetricLoss(
            new TrainerOptions(Common(nn.Linear(6, 4), nn.Linear(4, 4))) { Dataset = noisy.ToViews() }
        );

        trainer.Step();
        Assert.True(trainer.Losses["metric_loss"] > 0);
    }

    public void Dispose() => temporary.Dispose();
}
