using MetricLearning.Tests;
using Xunit;

namespace PictureShop;

/// <summary>The page about pretrained trunks.</summary>
public sealed class Pretrained : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly string checkpointFile = Repository.At("tests/Facade.Tests/Pretrained/checkpoint.pth");
    private readonly string scriptFile = Repository.At("tests/Facade.Tests/Pretrained/script.pt");
    private readonly Tensor features = rand(80, 6, generator: new Generator(1));
    private readonly Tensor labels = arange(80) % 10;
    private readonly nn.Module<Tensor, Tensor> embedder = nn.Linear(6, 3);

    private static nn.Module<Tensor, Tensor> Trunk() =>
        nn.Sequential(("first", nn.Linear(6, 6)), ("norm", nn.BatchNorm1d(6)), ("last", nn.Linear(6, 6)));

    [Fact]
    public void Weights_are_loaded()
    {
        var trunk = Trunk();

        var report = PretrainedWeights.Load(trunk, checkpointFile, stripPrefix: "module.");

        Assert.True(report.IsComplete);
        Assert.Equal("9 tensors loaded", report.ToString());
    }

    [Fact]
    public void A_backbone_is_loaded()
    {
        var trunk = Trunk();

        var backbone = PretrainedWeights.Load(
            trunk,
            checkpointFile,
            stripPrefix: "module.",
            rename: name => name.StartsWith("last.") ? null : name,
            strict: false
        );
        Console.WriteLine(backbone);

        Assert.Equal(["module.last.weight", "module.last.bias"], backbone.LeftOut);
        Assert.Equal(["last.weight", "last.bias"], backbone.Missing);
        Assert.Equal(7, backbone.Matched.Count);
    }

    [Fact]
    public void A_script_trains()
    {
        using var trunk = ScriptTrunk.Load(scriptFile);

        using var trainer = new MetricLossOnly(
            new TrainerOptions
            {
                Models = new() { Trunk = trunk, Embedder = embedder },
                Optimizers = new() { Trunk = PureOptimizer.Adam(1e-4), Embedder = PureOptimizer.Adam(1e-3) },
                BatchSize = 40,
                LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 0.1) },
                Dataset = TrainingData.FromTensors(features, labels),
                FreezeTrunkBatchnorm = true,
            }
        );

        trainer.Train(numEpochs: 2);

        Assert.Equal(2, trainer.Epoch);
    }

    public void Dispose() => scope.Dispose();
}
