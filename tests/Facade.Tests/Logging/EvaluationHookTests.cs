using MetricLearning.Core;
using MetricLearning.Core.Records;
using MetricLearning.Tests.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Logging;

/// <summary>Evaluating a run, and what follows from it.</summary>
public sealed class EvaluationHookTests
{
    private const string Group = "accuracies_normalized_GlobalEmbeddingSpaceTester_level_0_VAL_vs_self";

    /// <summary>A tester whose only metric, <c>planned</c>, takes these values, one an evaluation.</summary>
    private static GlobalEmbeddingSpaceTester Planned(params double[] scores)
    {
        var next = 0;
        var metric = new RetrievalMetric(
            "planned",
            retrieved => full(retrieved.Matches.size(0), scores[next++], dtype: ScalarType.Float64)
        );
        return new(
            new TesterOptions
            {
                DataloaderNumWorkers = 0,
                AccuracyCalculator = new(include: ["planned"], customMetrics: [metric]),
            }
        );
    }

    private static Dictionary<string, TrainingData> Splits(Scenario scenario) =>
        new() { ["val"] = TrainingData.FromTensors(scenario.Data, scenario.Labels) };

    private static HookContainer Hooks(RecordKeeper keeper) =>
        LoggingPresets.GetHookContainer(keeper, primaryMetric: "planned", logFreq: 1);

    [Fact]
    public void Epochs_are_evaluated_recorded_and_saved()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.At("records"), folder.At("tensorboard"));
        var hooks = LoggingPresets.GetHookContainer(keeper, primaryMetric: "r_precision");
        var tester = new GlobalEmbeddingSpaceTester();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = hooks.EndOfEpochHook(tester, Splits(scenario), folder.At("models"), testInterval: 2),
            }
        );

        trainer.Train(5);

        Assert.Contains($"{Group}.csv", folder.Files("records"));
        var history = hooks.GetAccuracyHistory(tester, "val");
        Assert.Equal(["epoch", "r_precision_level0"], history.Keys);
        Assert.Equal([2.0, 4], history["epoch"]);
        Assert.Equal(tester.AllAccuracies["val"]["r_precision_level0"].Value, history["r_precision_level0"][1]);
        var all = hooks.GetAccuracyHistory(tester, "val", returnAllMetrics: true);
        Assert.Equal(
            tester.AllAccuracies["val"].Keys.Concat(["epoch", "best_epoch", "best_accuracy", "~iteration~"]).Order(),
            all.Keys.Order()
        );
        Assert.Equal(hooks.GetAccuracyHistory(tester, "val", metrics: "NMI")["NMI_level0"], all["NMI_level0"]);
        Assert.Throws<ArgumentException>(() => hooks.GetAccuracyHistory(tester, "val", metrics: "accuracy"));
        var best = hooks.GetBestEpochAndAccuracy(tester, "val")!.Value;
        Assert.Equal((best.Epoch, best.Accuracy), ((int)all["best_epoch"][1], all["best_accuracy"][1]));
        Assert.Equal(
            [
                "embedder_4.safetensors",
                $"embedder_best{best.Epoch}.safetensors",
                "trunk_4.safetensors",
                $"trunk_best{best.Epoch}.safetensors",
            ],
            folder.Files("models")
        );
        Assert.Single(folder.Files(Path.Combine("tensorboard", "epochs")));
        Assert.Equal(
            all.ToDictionary(series => series.Key, series => series.Value[1]),
            hooks.GetAccuraciesOfEpoch(tester, "val", 4)
        );
        Assert.Empty(hooks.GetAccuraciesOfEpoch(tester, "val", 3));
        Assert.Empty(hooks.GetAccuracyHistory(tester, "train"));
        Assert.Null(hooks.GetBestEpochAndAccuracy(tester, "train"));
    }

    [Fact]
    public void Weights_are_the_same_evaluated_and_not()
    {
        static string Trained(bool evaluated)
        {
            using var folder = new TemporaryFolder();
            using var scenario = new Scenario();
            using var keeper = LoggingPresets.GetRecordKeeper(folder.Path, folder.At("tensorboard"));
            var hooks = LoggingPresets.GetHookContainer(keeper, logFreq: 1);
            var trunk = nn.Sequential(scenario.Trunk, nn.Dropout(0.5));
            var options = new TrainerOptions(scenario.Options)
            {
                Models = new() { Trunk = trunk, Embedder = scenario.Embedder },
            };
            using var trainer = new MetricLossOnly(
                evaluated
                    ? new TrainerOptions(options)
                    {
                        EndOfIterationHook = hooks.EndOfIterationHook,
                        EndOfEpochHook = hooks.EndOfEpochHook(
                            new GlobalEmbeddingSpaceTester(),
                            Splits(scenario),
                            folder.At("models")
                        ),
                    }
                    : options
            );
            trainer.Train(3);
            return Scenario.Weights(options);
        }

        Assert.Equal(Trained(evaluated: false), Trained(evaluated: true));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 4)]
    [InlineData(null, 5)]
    public void Training_ends_when_the_best_epoch_is_too_long_ago(int? patience, int epochs)
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var hooks = Hooks(keeper);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = hooks.EndOfEpochHook(
                    Planned(0.9, 0.5, 0.9, 0.8, 0.1),
                    Splits(scenario),
                    folder.At("models"),
                    patience: patience
                ),
            }
        );

        trainer.Train(5);

        Assert.Equal(epochs, trainer.Epoch);
    }

    [Fact]
    public void Nan_is_never_the_best()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.At("records"));
        var hooks = Hooks(keeper);
        var tester = Planned(double.NaN, 0.5, double.NaN, 0.4);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = hooks.EndOfEpochHook(tester, Splits(scenario), folder.At("models"), patience: 1),
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
    public void Plateau_schedules_move_by_the_primary_metric()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var rates = new List<double>();
        var epochHook = Hooks(keeper)
            .EndOfEpochHook(Planned(0.5, 0.6, 0.4, 0.7), Splits(scenario), folder.At("models"));
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
    }

    [Fact]
    public void Saved_networks_are_loaded()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var hooks = Hooks(keeper);
        var epochHook = hooks.EndOfEpochHook(Planned(0.5, 0.9, 0.1), Splits(scenario), folder.At("models"));
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
        var hooks = Hooks(keeper);

        bool Run(GlobalEmbeddingSpaceTester tester, int epoch, bool skip = true) =>
            hooks.RunTesterSeparately(
                tester,
                Splits(scenario),
                epoch,
                scenario.Trunk,
                scenario.Embedder,
                skipEvalIfAlreadyDone: skip
            );

        Assert.True(Run(Planned(0.5), 3));
        Assert.True(Run(Planned(0.25), 7));
        Assert.False(Run(Planned(), 3));
        Assert.True(Run(Planned(0.75), 3, skip: false));
        Assert.True(Run(Planned(0.125), -1));

        var tester = Planned();
        var history = hooks.GetAccuracyHistory(tester, "val");
        Assert.Equal([-1.0, 3, 7], history["epoch"]);
        Assert.Equal([0.125, 0.75, 0.25], history["planned_level0"]);
        Assert.Equal(new BestEpoch(3, 0.75), hooks.GetBestEpochAndAccuracy(tester, "val"));
    }

    [Fact]
    public void References_and_a_prefix_are_part_of_the_name()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.Path);
        var hooks = new HookContainer(keeper, recordGroupNamePrefix: "first", saveModels: false);
        var tester = new GlobalEmbeddingSpaceTester(new() { EndOfTestingHook = hooks.EndOfTestingHook });
        var splits = Splits(scenario);
        splits["train"] = splits["val"];
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = hooks.EndOfEpochHook(
                    tester,
                    splits,
                    folder.At("models"),
                    splitsToEval: [("val", ["train", "val"])]
                ),
            }
        );

        Assert.Empty(hooks.GetAccuracyHistory(tester, "val"));
        trainer.Train(2);

        // Too long to be written as it is.
        Assert.Contains(
            "\"first_accuracies_normalized_GlobalEmbeddingSpaceTester_level_0_VAL_vs_TRAIN_and_VAL\"",
            File.ReadAllText(folder.At("hash_map.json"))
        );
        Assert.Equal([1.0, 2], hooks.GetAccuracyHistory(tester, "val")["epoch"]);
        Assert.False(Directory.Exists(folder.At("models")));
    }

    [Fact]
    public void What_cannot_decide_is_refused_at_once()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = new RecordKeeper([]);
        var tester = new GlobalEmbeddingSpaceTester(
            new() { AccuracyCalculator = new(include: ["NMI", "precision_at_1"]) }
        );
        var hooks = new HookContainer(keeper);
        var metric = Assert.Throws<ArgumentException>(() =>
            hooks.EndOfEpochHook(tester, Splits(scenario), folder.Path)
        );
        Assert.Contains("mean_average_precision_at_r", metric.Message);
        Assert.Contains("precision_at_1", metric.Message);
        hooks = new HookContainer(keeper, primaryMetric: "NMI", validationSplitName: "dev");
        var split = Assert.Throws<ArgumentException>(() => hooks.EndOfEpochHook(tester, Splits(scenario), folder.Path));
        Assert.Contains("dev", split.Message);
        Assert.Throws<InvalidOperationException>(() => hooks.EndOfTestingHook(tester));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            hooks.EndOfEpochHook(tester, Splits(scenario), folder.Path, testInterval: 0)
        );
    }
}
