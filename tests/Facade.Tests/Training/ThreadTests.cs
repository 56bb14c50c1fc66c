using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

public sealed class ThreadTests
{
    [Fact]
    public void Two_trainers_in_two_threads_do_not_disturb_each_other()
    {
        using var first = new Scenario();
        using var second = new Scenario();
        using var alone = new Scenario();
        var dropout = new Func<Scenario, TrainerOptions>(scenario => new TrainerOptions(scenario.Options)
        {
            Models = new() { Trunk = nn.Sequential(scenario.Trunk, nn.Dropout(0.5)), Embedder = scenario.Embedder },
        });
        using (var trainer = new MetricLossOnly(dropout(alone)))
        {
            trainer.Train(20);
        }

        Parallel.Invoke([
            .. new[] { first, second }.Select(scenario =>
                (Action)(
                    () =>
                    {
                        using var trainer = new MetricLossOnly(dropout(scenario));
                        trainer.Train(20);
                    }
                )
            ),
        ]);

        Assert.Equal(alone.Weights(), first.Weights());
        Assert.Equal(alone.Weights(), second.Weights());
    }
}
