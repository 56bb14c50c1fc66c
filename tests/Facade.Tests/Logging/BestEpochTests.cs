using MetricLearning.Tests.Training;
using Xunit;

namespace MetricLearning.Tests.Logging;

/// <summary>The best epoch, and saved networks.</summary>
public sealed class BestEpochTests
{
    [Fact]
    public void Nan_is_never_the_best()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.At("records"));
        var hooks = Planned.Hooks(keeper);
        var tester = Planned.Tester(double.NaN, 0.5, double.NaN, 0.4);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = hooks.EndOfEpochHook(
                    tester,
                    Planned.Splits(scenario),
                    folder.At("models"),
                    patience: 1
                ),
            }
        );

        trainer.Train(9);

        Assert.Equal(4, trainer.Epoch);
        Assert.Equal(new BestEpoch(2, 0.5), hooks.GetBestEpochAndAccuracy(tester, "val"));
        Assert.Null(hooks.GetBestEpochAndAccuracy(tester, "val", ignoreEpoch: [2, 4]));
        Assert.Equal(0.5, hooks.GetAccuraciesOfBestEpoch(tester, "val")["planned_level0"]);
        Assert.Contains("trunk_best2.safetensors", folder.Files("models"));
        var history = hooks.GetAccuracyHistory(tester, "val", returnAllMetrics: true);
        Assert.Equal([double.NaN, 2, 2, 2], history["best_epoch"]);
    }

    [Fact]
    public void A_metric_that_improves_by_falling_has_its_best_where_it_is_smallest()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var hooks = LoggingPresets.GetHookContainer(
            keeper,
            primaryMetric: "planned",
            primaryMode: MetricLearning.PlateauMode.Min
        );
        var tester = Planned.Tester(0.5, 0.25, 0.9, 0.25, 0.1);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                LrSchedulers = new()
                {
                    TrunkByPlateau = Schedule.ReduceOnPlateau(MetricLearning.PlateauMode.Min, factor: 0.5, patience: 0),
                },
                EndOfEpochHook = hooks.EndOfEpochHook(
                    tester,
                    Planned.Splits(scenario),
                    folder.At("models"),
                    patience: 1
                ),
            }
        );

        trainer.Train(9);

        Assert.Equal(4, trainer.Epoch);
        Assert.Equal(new BestEpoch(2, 0.25), hooks.GetBestEpochAndAccuracy(tester, "val"));
        Assert.Contains("trunk_best2.safetensors", folder.Files("models"));
        Assert.Equal(0.025, trainer.LearningRates["trunk_optimizer"][0], 1e-12);
        Assert.Empty(trainer.Warnings);
    }

    [Fact]
    public void A_validation_loss_can_decide_and_is_better_the_smaller_it_is()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.At("records"));
        var hooks = LoggingPresets.GetHookContainer(keeper, primaryMetric: "contrastive");
        var tester = new GlobalEmbeddingSpaceTester(
            new TesterOptions
            {
                DataloaderNumWorkers = 0,
                LossFuncs = new Dictionary<string, Loss> { ["contrastive"] = new ContrastiveLoss() },
            }
        );
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                LrSchedulers = new()
                {
                    TrunkByPlateau = Schedule.ReduceOnPlateau(MetricLearning.PlateauMode.Max, factor: 0.5),
                },
                EndOfEpochHook = hooks.EndOfEpochHook(tester, Planned.Splits(scenario), folder.At("models")),
            }
        );

        trainer.Train(4);

        var history = hooks.GetAccuracyHistory(tester, "val");
        var best = hooks.GetBestEpochAndAccuracy(tester, "val")!.Value;
        Assert.Equal(history["contrastive"].Min(), best.Accuracy);
        Assert.Equal(best.Accuracy, history["contrastive"][best.Epoch - 1]);
        Assert.Contains("contrastive", Assert.Single(trainer.Warnings), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() =>
            LoggingPresets
                .GetHookContainer(keeper, primaryMetric: "triplet")
                .EndOfEpochHook(tester, Planned.Splits(scenario), folder.At("models"))
        );
    }

    [Fact]
    public void Plateau_schedules_move_by_the_primary_metric()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var rates = new List<double>();
        var epochHook = Planned
            .Hooks(keeper)
            .EndOfEpochHook(Planned.Tester(0.5, 0.6, 0.4, 0.7), Planned.Splits(scenario), folder.At("models"));
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                LrSchedulers = new()
                {
                    ["trunk_scheduler_by_plateau"] = Schedule.ReduceOnPlateau(
                        mode: MetricLearning.PlateauMode.Max,
                        factor: 0.5,
                        patience: 0
                    ),
                },
                EndOfEpochHook = it =>
                {
                    var goesOn = epochHook(it);
                    rates.Add(it.LearningRates["trunk_optimizer"][0]);
                    return goesOn;
                },
            }
        );

        trainer.Train(4);

        Assert.Equal([0.1, 0.1, 0.05, 0.05], rates);
        Assert.Empty(trainer.Warnings);
    }

    [Fact]
    public void A_plateau_schedule_that_waits_for_the_metric_to_fall_is_a_warning()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                LrSchedulers = new() { TrunkByPlateau = Schedule.ReduceOnPlateau() },
                EndOfEpochHook = Planned
                    .Hooks(keeper)
                    .EndOfEpochHook(Planned.Tester(0.5, 0.6), Planned.Splits(scenario), folder.At("models")),
            }
        );

        trainer.Train(2);

        Assert.Contains(
            "LrSchedulers[\"trunk_scheduler_by_plateau\"] waits for its score to fall, but planned",
            Assert.Single(trainer.Warnings),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Saved_networks_are_loaded()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var hooks = Planned.Hooks(keeper);
        var epochHook = hooks.EndOfEpochHook(
            Planned.Tester(0.5, 0.9, 0.1),
            Planned.Splits(scenario),
            folder.At("models")
        );
        var seen = new List<string>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = it =>
                {
                    seen.Add(scenario.Weights());
                    return epochHook(it);
                },
            }
        );
        Assert.Equal(1, hooks.LoadLatestSavedModels(trainer, folder.At("models")));
        trainer.Train(3);

        Assert.Equal(3, hooks.LoadLatestSavedModels(trainer, folder.At("models"), best: true));
        Assert.Equal(seen[1], scenario.Weights());
        Assert.Equal(4, hooks.LoadLatestSavedModels(trainer, folder.At("models")));
        Assert.Equal(seen[2], scenario.Weights());

        using var other = new Scenario(embedderTakes: 6);
        using var resumed = new MetricLossOnly(other.Options);
        resumed.Train(4, startEpoch: hooks.LoadLatestSavedModels(resumed, folder.At("models")));
        Assert.Equal(4, resumed.Epoch);
    }

    [Fact]
    public void A_tester_is_run_separately()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.Path);
        var hooks = Planned.Hooks(keeper);

        bool Run(GlobalEmbeddingSpaceTester tester, int epoch, bool skip = true) =>
            hooks.RunTesterSeparately(
                tester,
                Planned.Splits(scenario),
                epoch,
                scenario.Trunk,
                scenario.Embedder,
                skipEvalIfAlreadyDone: skip
            );

        Assert.True(Run(Planned.Tester(0.5), 3));
        Assert.True(Run(Planned.Tester(0.25), 7));
        Assert.False(Run(Planned.Tester(), 3));
        Assert.True(Run(Planned.Tester(0.75), 3, skip: false));
        Assert.True(Run(Planned.Tester(0.125), -1));

        var tester = Planned.Tester();
        var history = hooks.GetAccuracyHistory(tester, "val");
        Assert.Equal([-1.0, 3, 7], history["epoch"]);
        Assert.Equal([0.125, 0.75, 0.25], history["planned_level0"]);
        Assert.Equal(new BestEpoch(3, 0.75), hooks.GetBestEpochAndAccuracy(tester, "val"));
    }
}
