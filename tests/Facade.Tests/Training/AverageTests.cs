using MetricLearning.Tests.Logging;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Training;

/// <summary>Averages of weights, in testing and in what is saved.</summary>
public sealed class AverageTests
{
    private static TrainerOptions Averaging(Scenario scenario) =>
        new(scenario.Options) { WeightAveraging = WeightAveraging.Exponential(0.8, warmUp: false) };

    [Fact]
    public void Networks_have_their_averages_for_the_time_of_an_action()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(Averaging(scenario));
        trainer.Train(2);
        var live = scenario.Weights();

        var averaged = trainer.WhileAveraged(scenario.Weights);
        Assert.NotEqual(live, averaged);
        Assert.Equal(live, scenario.Weights());
        Assert.Throws<IOException>(() => trainer.WhileAveraged(() => throw new IOException()));
        Assert.Equal(live, scenario.Weights());
        Assert.Throws<InvalidOperationException>(() => trainer.WhileAveraged(() => trainer.Train(3)));
        Assert.Equal(live, scenario.Weights());

        using var state = trainer.AveragedState;
        Assert.Equal(6, state.WeightsAveraged);
        trainer.State = state;
        Assert.Equal(averaged, scenario.Weights());
        trainer.Dispose();
        Assert.Equal(averaged, scenario.Weights());
    }

    [Fact]
    public void Without_an_average_it_says_what_to_set()
    {
        using var scenario = new Scenario();
        using var trainer = new MetricLossOnly(scenario.Options);

        Assert.Contains(
            "WeightAveraging.Exponential",
            Assert.Throws<InvalidOperationException>(() => trainer.AveragedState).Message
        );
        Assert.Throws<InvalidOperationException>(() => trainer.WhileAveraged(() => { }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_epoch_hook_judges_averages_and_saves_the_best_of_them(bool averaged)
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var seen = new List<string>();
        var tester = new GlobalEmbeddingSpaceTester(
            new()
            {
                DataloaderNumWorkers = 0,
                AccuracyCalculator = new(include: ["precision_at_1"]),
                EndOfTestingHook = _ => seen.Add(scenario.Weights()),
            }
        );
        var hooks = new HookContainer(keeper, primaryMetric: "precision_at_1");
        using var trainer = new MetricLossOnly(
            new TrainerOptions(Averaging(scenario))
            {
                EndOfEpochHook = hooks.EndOfEpochHook(
                    tester,
                    Planned.Splits(scenario),
                    folder.At("models"),
                    averaged: averaged
                ),
            }
        );
        trainer.Train(1);
        var live = scenario.Weights();
        var average = trainer.WhileAveraged(scenario.Weights);

        Assert.Equal(averaged ? average : live, Assert.Single(seen));
        hooks.LoadLatestSavedModels(trainer, folder.At("models"), best: true);
        Assert.Equal(averaged ? average : live, scenario.Weights());
        hooks.LoadLatestSavedModels(trainer, folder.At("models"));
        Assert.Equal(live, scenario.Weights());
        Assert.Equal(average, trainer.WhileAveraged(scenario.Weights));
    }

    [Fact]
    public void Weights_are_the_same_averaged_and_tested_and_not()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var hooks = new HookContainer(keeper, primaryMetric: "precision_at_1", saveModels: false);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(Averaging(scenario))
            {
                EndOfEpochHook = hooks.EndOfEpochHook(
                    new GlobalEmbeddingSpaceTester(),
                    Planned.Splits(scenario),
                    folder.Path,
                    averaged: true
                ),
            }
        );
        trainer.Train(3);

        Assert.Equal(Scenario.After(3), scenario.Weights());
    }
}
