using Microsoft.Extensions.Logging;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

public sealed class HookTests
{
    private sealed class Told<T>(List<T> seen) : IProgress<T>
    {
        public void Report(T value) => seen.Add(value);
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 4)]
    [InlineData(null, 4)]
    public void Only_an_exact_false_stops(bool? answer, int epochs)
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options) { EndOfEpochHook = t => t.Epoch == 2 ? answer : null }
        );

        trainer.Train(4);

        Assert.Equal(epochs, trainer.Epoch);
    }

    [Fact]
    public void Hooks_see_the_run_as_it_is()
    {
        using var scenario = new Scenario();
        var iterations = new List<(int, int, long, double)>();
        var epochs = new List<(int, double)>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = t =>
                    iterations.Add((t.Epoch, t.Iteration, t.GlobalIteration, t.Losses["total_loss"])),
                EndOfEpochHook = t =>
                {
                    Assert.Equal(t.Losses["metric_loss"], t.Losses["total_loss"]);
                    epochs.Add((t.Epoch, t.EpochLosses["total_loss"]));
                    return true;
                },
            }
        );

        trainer.Train(2);

        Assert.Equal(
            [(1, 0, 0), (1, 1, 1), (1, 2, 2), (2, 0, 3), (2, 1, 4), (2, 2, 5)],
            iterations.Select(seen => (seen.Item1, seen.Item2, seen.Item3))
        );
        Assert.All(iterations, seen => Assert.True(seen.Item4 > 0));
        Assert.Equal([1, 2], epochs.Select(epoch => epoch.Item1));
        Rounded.Equal(iterations[3..].Average(seen => seen.Item4), epochs[1].Item2, Rounded.Double);
        Assert.Equal(3, trainer.IterationsPerEpoch);
    }

    [Fact]
    public void Losses_are_weighted()
    {
        using var plain = new Scenario();
        using var weighted = new Scenario();
        using var one = new MetricLossOnly(plain.Options);
        using var two = new MetricLossOnly(
            new TrainerOptions(weighted.Options) { LossWeights = new() { MetricLoss = 2.5 } }
        );

        one.Step();
        two.Step();

        Rounded.Equal(2.5 * one.Losses["metric_loss"], two.Losses["metric_loss"], Rounded.Single);
        Assert.Equal(two.Losses["metric_loss"], two.Losses["total_loss"]);
        Assert.Equal(2.5, two.LossWeights["metric_loss"]);
    }

    [Fact]
    public void Progress_is_told_after_every_iteration()
    {
        using var scenario = new Scenario();
        var seen = new List<TrainingProgress>();
        using var trainer = new MetricLossOnly(new TrainerOptions(scenario.Options) { IterationsPerEpoch = 2 });

        trainer.Train(2, progress: new Told<TrainingProgress>(seen));

        Assert.Equal([(1, 1), (1, 2), (2, 1), (2, 2)], seen.Select(report => (report.Epoch, report.IterationsDone)));
        Assert.All(seen, report => Assert.Equal((2, 2), (report.LastEpoch, report.IterationsPerEpoch)));
        Assert.Equal(trainer.Losses["total_loss"], seen[^1].TotalLoss);
    }

    [Fact]
    public void The_number_of_epochs_is_that_of_the_last()
    {
        using var scenario = new Scenario();
        var epochs = new List<int>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = t =>
                {
                    epochs.Add(t.Epoch);
                    return true;
                },
            }
        );

        trainer.Train(4, startEpoch: 3);
        Assert.Equal([3, 4], epochs);
        trainer.Train(2);
        Assert.Equal([3, 4, 1, 2], epochs);
        trainer.Train(1, startEpoch: 2);
        trainer.Train(0);
        Assert.Equal([3, 4, 1, 2], epochs);
    }

    [Fact]
    public void Hooks_loggers_and_progress_change_nothing()
    {
        using var silent = new Scenario();
        using var loud = new Scenario();
        using var one = new MetricLossOnly(silent.Options);
        using var two = new MetricLossOnly(
            new TrainerOptions(loud.Options)
            {
                EndOfIterationHook = _ => randn(3).Dispose(),
                EndOfEpochHook = _ =>
                {
                    loud.Trunk.eval();
                    using (no_grad())
                    {
                        loud.Trunk.call(loud.Data).Dispose();
                    }

                    return true;
                },
                Logger = new Lines(),
            }
        );

        one.Train(3);
        two.Train(3, progress: new Told<TrainingProgress>([]));

        Assert.Equal(silent.Weights(), loud.Weights());
    }

    [Fact]
    public void Warnings_and_epochs_are_logged()
    {
        using var scenario = new Scenario();
        var log = new Lines();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                Models = new() { Trunk = nn.Linear(4, 3) },
                Optimizers = [],
                Logger = log,
            }
        );

        trainer.Train(2);

        var warnings = log.Seen.Where(line => line.Level == LogLevel.Warning).Select(line => line.Text).ToArray();
        Assert.Equal(trainer.Warnings, warnings);
        Assert.Contains(warnings, text => text.Contains("Optimizers is empty", StringComparison.Ordinal));
        Assert.DoesNotContain(warnings, text => text.Contains("\"embedder\"", StringComparison.Ordinal));
        Assert.Equal(
            ["Training epoch 1", "Training epoch 2"],
            log.Seen.Where(line => line.Level == LogLevel.Information).Select(line => line.Text)
        );
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 0)]
    public void Without_a_console_and_a_logger_every_epoch_is_a_line(bool hasLogger, int lines)
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options) { Logger = hasLogger ? new Lines() : null }
        );
        using var written = new StringWriter();
        var usual = Console.Error;
        Console.SetError(written);

        try
        {
            trainer.Train(2);
            trainer.Train(3, progress: new Told<TrainingProgress>([]));
        }
        finally
        {
            Console.SetError(usual);
        }

        var found = written.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines, found.Length);
        Assert.All(found, line => Assert.Matches(@"^epoch [12]/2  total_loss=\d+\.\d{5}$", line));
    }

    [Fact]
    public void What_only_training_shows_is_a_warning_too()
    {
        using var scenario = new Scenario();
        var log = new Lines();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                Dataset = TrainingData.FromTensors(scenario.Data, Enumerable.Range(0, 24).ToArray()),
                LossFuncs = new() { MetricLoss = new TripletMarginLoss() },
                Logger = log,
            }
        );
        Assert.Empty(trainer.Warnings);

        trainer.Train(2);

        var warning = Assert.Single(trainer.Warnings);
        Assert.Contains("two samples of one class", warning, StringComparison.Ordinal);
        Assert.Equal([warning], log.Seen.Where(line => line.Level == LogLevel.Warning).Select(line => line.Text));
    }

    [Fact]
    public void Without_optimizers_nothing_is_trained()
    {
        using var scenario = new Scenario();
        var weights = string.Concat(scenario.Trunk.parameters().Select(parameter => parameter.sum().item<float>()));
        using var trainer = new MetricLossOnly(new TrainerOptions(scenario.Options) { Optimizers = [] });

        trainer.Train(2);

        Assert.Equal(
            weights,
            string.Concat(scenario.Trunk.parameters().Select(parameter => parameter.sum().item<float>()))
        );
        Assert.Equal(5, trainer.GlobalIteration);
        Assert.True(trainer.Losses["total_loss"] > 0);
    }

    [Fact]
    public void An_optimizer_of_what_is_frozen_is_a_warning()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(new TrainerOptions(scenario.Options) { FreezeThese = ["trunk"] });
        Assert.Contains(trainer.Warnings, text => text.Contains("optimizer for \"trunk\"", StringComparison.Ordinal));
    }
}
