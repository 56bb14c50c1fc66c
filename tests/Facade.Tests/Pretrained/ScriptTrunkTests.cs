using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Pretrained;

public sealed class ScriptTrunkTests : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly Tensor data = rand(24, 6, generator: new Generator(2));
    private readonly long[] labels = [.. Enumerable.Range(0, 24).Select(index => index % 4L)];

    private static readonly string Checkpoint = Repository.At("tests/Facade.Tests/Pretrained/checkpoint.pth");

    private static ScriptTrunk Load() => ScriptTrunk.Load(Repository.At("tests/Facade.Tests/Pretrained/script.pt"));

    private static Dictionary<string, string> Bits(nn.Module module) =>
        module.state_dict().ToDictionary(entry => entry.Key, entry => Convert.ToHexString(entry.Value.bytes));

    /// <summary>The script&#39;s layers as TorchSharp&#39;s own.</summary>
    private static nn.Module<Tensor, Tensor> Layers()
    {
        var layers = nn.Sequential(
            ("first", nn.Linear(6, 6)),
            ("norm", nn.BatchNorm1d(6)),
            ("relu", nn.ReLU()),
            ("last", nn.Linear(6, 6))
        );
        PretrainedWeights.Load(layers, Checkpoint, stripPrefix: "module.");
        return layers;
    }

    private TrainerOptions Options(nn.Module<Tensor, Tensor> trunk) =>
        new()
        {
            Models = new() { Trunk = trunk },
            Optimizers = new() { Trunk = optim.Adam(trunk.parameters(), 0.01) },
            BatchSize = 8,
            LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 1) },
            Dataset = TrainingData.FromTensors(data, labels),
            Seed = 3,
        };

    [Fact]
    public void It_trains_as_the_same_layers_do()
    {
        using var trunk = Load();
        var layers = Layers();
        Assert.Equal(Bits(layers), Bits(trunk));
        using var scripted = new MetricLossOnly(Options(trunk));
        using var own = new MetricLossOnly(Options(layers));
        var before = Bits(trunk);

        scripted.Train(numEpochs: 3);
        own.Train(numEpochs: 3);

        Assert.Equal(Bits(layers), Bits(trunk));
        Assert.All(before, entry => Assert.NotEqual(entry.Value, Bits(trunk)[entry.Key]));
    }

    public void Dispose() => scope.Dispose();
}
