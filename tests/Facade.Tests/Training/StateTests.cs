using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

public sealed class StateTests
{
    [Fact]
    public void A_run_goes_back_to_a_state_that_was_taken()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        trainer.Step();
        using var state = trainer.State;
        var weights = scenario.Weights();
        trainer.Train(3);
        var trained = scenario.Weights();

        trainer.State = state;

        Assert.Equal(weights, scenario.Weights());
        Assert.Equal((1, 1, 1L), (trainer.Epoch, trainer.Iteration, trainer.GlobalIteration));
        Assert.Equal((1, 2, 2L), (state.Epoch, state.IterationsDone, state.Steps));
        Assert.Equal(state.Losses, trainer.Losses);
        trainer.Train(3);
        Assert.Equal(trained, scenario.Weights());
        Assert.Equal(Scenario.After(3), scenario.Weights());
    }

    [Fact]
    public void Another_trainer_of_the_same_networks_goes_on_from_a_state()
    {
        using var scenario = new Scenario();
        using var other = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        using var successor = new MetricLossOnly(new TrainerOptions(other.Options) { Seed = 77 });
        trainer.Train(1);
        using var state = trainer.State;

        successor.State = state;
        successor.Train(3);

        Assert.Equal(Scenario.After(3), other.Weights());
        Assert.Equal(Scenario.After(1), scenario.Weights());
    }

    [Fact]
    public void A_state_shows_what_it_holds()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(new TrainerOptions(scenario.Options) { IterationsPerEpoch = 2 });
        trainer.Train(2);
        using var state = trainer.State;

        Assert.Equal((2, 2, 4L), (state.Epoch, state.IterationsDone, state.Steps));
        Assert.Equal((2, true, false), (state.IterationsPerEpoch, state.IsEpochOver, state.IsEpochEndPending));
        Assert.Equal((1L, 1L), (state.Pass, state.BatchesTaken));
        Assert.Equal(StopReason.Finished, state.Stopped);
        Assert.Equal(1.0, state.LossWeights["metric_loss"]);
        Assert.Equal(trainer.EpochLosses, state.EpochLosses);
        Assert.Equal([0.1], state.LearningRates["trunk_optimizer"]);
        Assert.Empty(state.ScheduleSteps);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_fork_may_have_another_learning_rate(bool isOurs)
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            isOurs
                ? new TrainerOptions(scenario.Options)
                {
                    Optimizers = new() { Trunk = PureOptimizer.Adam(0.01), Embedder = PureOptimizer.SGD(0.1) },
                }
                : scenario.Options
        );
        trainer.Train(1);
        using var fork = trainer.State;
        trainer.Step();
        var expected = scenario.Weights();

        using var still = fork.WithLearningRate("trunk_optimizer", 0).WithLearningRate("embedder_optimizer", 0);
        trainer.State = still;
        trainer.Step();
        Assert.Equal([0.0], trainer.LearningRates["trunk_optimizer"]);
        Assert.NotEqual(expected, scenario.Weights());

        trainer.State = fork;
        trainer.Step();
        Assert.Equal(expected, scenario.Weights());
        Assert.Throws<ArgumentException>(() => fork.WithLearningRate("trunk", 0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => fork.WithLearningRate("trunk_optimizer", -1));
        Assert.Throws<ArgumentException>(() => fork.WithLossWeight("metric_los", 1));
    }

    [Fact]
    public void Forks_are_strangers()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Step();
        using var fork = trainer.State;
        trainer.Step();
        var one = scenario.Weights();
        trainer.State = fork;
        scenario.TrunkOptimizer.ParamGroups.Single().LearningRate = 1.0;
        trainer.Step();
        var two = scenario.Weights();
        trainer.State = fork;
        trainer.Step();

        Assert.NotEqual(one, two);
        Assert.Equal(one, scenario.Weights());
        Assert.Equal(0.1, fork.LearningRates["trunk_optimizer"].Single());
    }

    [Fact]
    public void A_state_taken_in_a_hook_loses_nothing()
    {
        using var scenario = new Scenario();
        TrainingState? taken = null;
        var epochs = new List<int>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = t =>
                {
                    if (taken is null && t is { Epoch: 1, Iteration: 2 })
                    {
                        taken = t.State;
                    }
                },
                EndOfEpochHook = t =>
                {
                    epochs.Add(t.Epoch);
                    return true;
                },
            }
        );
        trainer.Train(2);
        trainer.State = taken!;
        trainer.Train(2);
        taken!.Dispose();

        Assert.Equal([1, 2, 1, 2], epochs);
        Assert.Equal(Scenario.After(2), scenario.Weights());
    }

    [Fact]
    public void A_second_call_trains_on_with_the_same_weights_from_epoch_one()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        trainer.Train(1);
        var once = scenario.Weights();
        trainer.Train(1);

        Assert.Equal((1, 2), (trainer.Epoch, trainer.Iteration));
        Assert.NotEqual(once, scenario.Weights());
    }

    [Fact]
    public void The_weights_of_a_state_outlive_its_trainer()
    {
        using var scenario = new Scenario();
        using var other = new Scenario();
        TrainingState state;
        using (var trainer = new MetricLossOnly(scenario.Options))
        {
            trainer.Train(1);
            state = trainer.State;
        }

        using (state)
        using (var successor = new MetricLossOnly(other.Options))
        {
            successor.State = state;
            Assert.Equal(Scenario.After(1), other.Weights());
        }
    }
}
