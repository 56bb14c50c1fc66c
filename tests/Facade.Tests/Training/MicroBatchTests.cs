using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>Micro-batches change no step of a trainer, one of a user's own functions among them.</summary>
public sealed class MicroBatchTests : IDisposable
{
    private readonly IDisposable scope = NewDisposeScope();

    private static TrainerOptions Options(int? microBatchSize)
    {
        manual_seed(1);
        var trunk = nn.Sequential(nn.Linear(6, 8), nn.Tanh()).to(float64);
        var embedder = nn.Linear(8, 4).to(float64);

        return new()
        {
            Models = new() { Trunk = trunk, Embedder = embedder },
            Optimizers = new() { Trunk = PureOptimizer.SGD(0.1), Embedder = PureOptimizer.SGD(0.1) },
            LossFuncs = new() { MetricLoss = new NTXentLoss() },
            MiningFuncs = new() { TupleMiner = new MultiSimilarityMiner() },
            Dataset = TrainingData.FromTensors(
                randn(40, 6, dtype: float64).DetachFromDisposeScope(),
                (arange(40) % 5).DetachFromDisposeScope()
            ),
            BatchSize = 13,
            MicroBatchSize = microBatchSize,
            DataloaderNumWorkers = 0,
            Seed = 1,
        };
    }

    private static IEnumerable<KeyValuePair<string, Tensor>> Losses(StepContext step)
    {
        var embeddings = step.Embeddings();
        return [new("metric_loss", step.Loss("metric_loss", embeddings, step.Mine(embeddings)))];
    }

    private static readonly Dictionary<string, Func<TrainerOptions, BaseTrainer>> Trainers = new()
    {
        ["documented"] = options => new MetricLossOnly(options),
        ["one function"] = options => new CustomTrainer(options, Losses),
        ["two halves"] = options => new CustomTrainer(
            options,
            rows => [rows.Embeddings(), rows.Data[0]],
            whole => [new("metric_loss", whole.Loss("metric_loss", whole.Rows[0], whole.Mine(whole.Rows[0])))]
        ),
    };

    public static TheoryData<string, int> Cases
    {
        get
        {
            var cases = new TheoryData<string, int>();

            foreach (var trainer in Trainers.Keys)
            {
                foreach (var size in new[] { 1, 4, 13, 100 })
                {
                    cases.Add(trainer, size);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Micro_batches_change_no_step(string trainer, int size)
    {
        using var whole = new MetricLossOnly(Options(null));
        using var cut = Trainers[trainer](Options(size));
        whole.Train(3);
        cut.Train(3);
        Assert.Equal(whole.Losses["metric_loss"], cut.Losses["metric_loss"], 1e-9);

        foreach (var key in new[] { "trunk", "embedder" })
        {
            foreach (var (one, other) in whole.Models[key].parameters().Zip(cut.Models[key].parameters()))
            {
                Assert.True((one - other).abs().max().item<double>() < 1e-9);
            }
        }
    }

    public void Dispose() => scope.Dispose();
}
