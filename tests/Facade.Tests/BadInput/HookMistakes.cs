using MetricLearning.Tests.Training;
using Xunit;

namespace MetricLearning.Tests.BadInput;

public sealed class HookMistakes
{
    private sealed class Odd(string message) : Exception(message);

    private sealed class Progress(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }

    [Fact]
    public void An_iteration_hook_that_throws_loses_nothing()
    {
        using var scenario = new Scenario();
        var isBroken = true;
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = t => _ = isBroken && t is { Epoch: 1, Iteration: 1 } ? throw new Odd("hook") : 0,
            }
        );

        Assert.Equal("hook", Assert.Throws<Odd>(() => trainer.Train(2)).Message);
        Assert.Equal((1, 1, 1L), (trainer.Epoch, trainer.Iteration, trainer.GlobalIteration));
        isBroken = false;
        trainer.Train(2);

        Assert.Equal(5, trainer.GlobalIteration);
        Assert.Equal(Scenario.After(2), scenario.Weights());
    }

    [Fact]
    public void An_epoch_hook_that_throws_loses_nothing()
    {
        using var scenario = new Scenario();
        var calls = new List<int>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = t =>
                {
                    calls.Add(t.Epoch);
                    return calls.Count == 1 ? throw new Odd("hook") : true;
                },
            }
        );

        Assert.Throws<Odd>(() => trainer.Train(2));
        trainer.Train(2);

        Assert.Equal([1, 2], calls);
        Assert.Equal(Scenario.After(2), scenario.Weights());
    }

    [Fact]
    public void The_epoch_hook_that_an_iteration_hook_kept_from_being_called_can_still_stop()
    {
        using var scenario = new Scenario();
        var isBroken = true;
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = t => _ = isBroken && t.Iteration == 2 ? throw new Odd("hook") : 0,
                EndOfEpochHook = _ => false,
            }
        );

        Assert.Throws<Odd>(() => trainer.Train(3));
        isBroken = false;
        trainer.Train(3);

        Assert.Equal(1, trainer.Epoch);
        Assert.Equal(Scenario.After(1), scenario.Weights());
    }

    [Fact]
    public void Progress_that_throws_loses_nothing()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);

        Assert.Throws<Odd>(() => trainer.Train(2, progress: new Progress(_ => throw new Odd("progress"))));
        Assert.Equal(0, trainer.GlobalIteration);
        trainer.Train(2);

        Assert.Equal(Scenario.After(2), scenario.Weights());
    }

    [Theory]
    [InlineData("Step")]
    [InlineData("Train")]
    [InlineData("Events")]
    public void A_hook_cannot_train(string how)
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = t =>
                {
                    switch (how)
                    {
                        case "Step":
                            t.Step();
                            break;
                        case "Train":
                            t.Train(1);
                            break;
                        default:
                            t.Events(1).Count();
                            break;
                    }
                },
            }
        );

        var error = Assert.Throws<InvalidOperationException>(() => trainer.Train(1));
        Assert.Contains("A hook cannot train", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, trainer.GlobalIteration);
    }

    [Fact]
    public void A_hook_that_disposes_the_trainer_ends_training()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options) { EndOfIterationHook = t => t.Dispose() }
        );

        Assert.Throws<ObjectDisposedException>(() => trainer.Train(1));
        Assert.Equal(0, trainer.GlobalIteration);
        using var loaded = new MetricLossOnly(scenario.Options);
        loaded.Train(1);
    }

    [Fact]
    public void Cancelled_before_it_begins_nothing_is_trained()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        var cancelled = new CancellationToken(canceled: true);

        Refusing.In<OperationCanceledException>(
            scenario.Options,
            trainer,
            () => trainer.Train(2, cancellationToken: cancelled)
        );
        Refusing.In<OperationCanceledException>(scenario.Options, trainer, () => trainer.Step(cancelled));
        Assert.Equal(0, trainer.Epoch);
        trainer.Train(2);

        Assert.Equal(Scenario.After(2), scenario.Weights());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Cancelled_in_the_middle_it_goes_on_where_it_stood(int workers)
    {
        using var scenario = new Scenario();
        using var source = new CancellationTokenSource();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                Dataset = TrainingData.FromSamples(scenario.Samples()),
                DataloaderNumWorkers = workers,
                EndOfIterationHook = t =>
                {
                    if (t is { Epoch: 2, Iteration: 0 })
                    {
                        source.Cancel();
                    }
                },
            }
        );

        Assert.ThrowsAny<OperationCanceledException>(() => trainer.Train(3, cancellationToken: source.Token));
        Assert.Equal((2, 0), (trainer.Epoch, trainer.Iteration));
        trainer.Train(3);

        Assert.Equal(8, trainer.GlobalIteration);
        Assert.Equal(Scenario.After(3), scenario.Weights());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Epochs_count_from_one(int startEpoch)
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        Refusing.In<ArgumentOutOfRangeException>(
            scenario.Options,
            trainer,
            () => trainer.Train(2, startEpoch),
            $"startEpoch is {startEpoch}",
            "epochs count from 1"
        );
    }

    [Fact]
    public void A_score_that_is_NaN_is_refused()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);
        Refusing.In<ArgumentException>(
            scenario.Options,
            trainer,
            () => trainer.StepLrPlateauSchedulers(double.NaN),
            "validation score is NaN",
            "Give a number"
        );
    }
}
