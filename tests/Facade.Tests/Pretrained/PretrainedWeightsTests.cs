using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Pretrained;

public sealed class PretrainedWeightsTests : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();
    private readonly string checkpoint = Repository.At("tests/Facade.Tests/Pretrained/checkpoint.pth");
    private readonly string folder = Directory.CreateTempSubdirectory("metric-learning-").FullName;

    private static nn.Module<Tensor, Tensor> Trunk(long width = 6) =>
        nn.Sequential(("first", nn.Linear(6, width)), ("norm", nn.BatchNorm1d(width)), ("last", nn.Linear(width, 6)));

    private static Dictionary<string, string> Bits(nn.Module module) =>
        module.state_dict().ToDictionary(entry => entry.Key, entry => Convert.ToHexString(entry.Value.bytes));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_trainer_goes_on_from_what_a_hook_loaded(bool loads)
    {
        var trunk = Trunk();
        var path = Path.Combine(folder, "trunk.safetensors");
        PretrainedWeights.Save(trunk, path);
        var options = new TrainerOptions
        {
            Models = new() { Trunk = trunk },
            Optimizers = new() { Trunk = PureOptimizer.SGD(0.1) },
            BatchSize = 8,
            LossFuncs = new() { MetricLoss = new TripletMarginLoss(margin: 1) },
            Dataset = TrainingData.FromTensors(rand(24, 6), [.. Enumerable.Range(0, 24).Select(index => index % 4L)]),
            Seed = 3,
            EndOfEpochHook = _ =>
            {
                if (loads)
                {
                    PretrainedWeights.Load(trunk, path);
                }

                return true;
            },
        };
        var start = Bits(trunk);
        using var trainer = new MetricLossOnly(options);

        trainer.Train(numEpochs: 2);

        Assert.Equal(loads, Bits(trunk).SequenceEqual(start));
    }

    [Fact]
    public void Null_is_refused()
    {
        Assert.Throws<ArgumentNullException>("module", () => PretrainedWeights.Load(null!, checkpoint));
        Assert.Throws<ArgumentNullException>("path", () => PretrainedWeights.Load(Trunk(), (string)null!));
        Assert.Throws<ArgumentNullException>(
            "tensors",
            () => PretrainedWeights.Load(Trunk(), (IReadOnlyDictionary<string, Tensor>)null!)
        );
        Assert.Throws<ArgumentNullException>("module", () => PretrainedWeights.Save(null!, checkpoint));
        Assert.Throws<ArgumentNullException>("path", () => PretrainedWeights.Save(Trunk(), null!));
        Assert.Throws<ArgumentNullException>("path", () => ScriptTrunk.Load(null!));
    }

    public void Dispose()
    {
        scope.Dispose();
        Directory.Delete(folder, true);
    }
}
