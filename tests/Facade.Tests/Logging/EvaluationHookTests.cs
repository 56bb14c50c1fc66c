using MetricLearning.Core;
using MetricLearning.Tests.Training;
using TorchSharp;
using Xunit;
using static TorchSharp.torch;

namespace MetricLearning.Tests.Logging;

/// <summary>Evaluating a run, and what follows from it.</summary>
public sealed class EvaluationHookTests
{
    private const string Group = "accuracies_normalized_GlobalEmbeddingSpaceTester_level_0_VAL_vs_self";

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
                EndOfEpochHook = hooks.EndOfEpochHook(
                    tester,
                    Planned.Splits(scenario),
                    folder.At("models"),
                    testInterval: 2
                ),
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
                            Planned.Splits(scenario),
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
        var hooks = Planned.Hooks(keeper);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfEpochHook = hooks.EndOfEpochHook(
                    Planned.Tester(0.9, 0.5, 0.9, 0.8, 0.1),
                    Planned.Splits(scenario),
                    folder.At("models"),
                    patience: patience
                ),
            }
        );

        trainer.Train(5);

        Assert.Equal(epochs, trainer.Epoch);
    }

    [Fact]
    public void References_and_a_prefix_are_part_of_the_name()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.Path);
        var hooks = new HookContainer(keeper, recordGroupNamePrefix: "first", saveModels: false);
        var tester = new GlobalEmbeddingSpaceTester(new() { EndOfTestingHook = hooks.EndOfTestingHook });
        var splits = Planned.Splits(scenario);
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
            hooks.EndOfEpochHook(tester, Planned.Splits(scenario), folder.Path)
        );
        Assert.Contains("mean_average_precision_at_r", metric.Message);
        Assert.Contains("precision_at_1", metric.Message);
        hooks = new HookContainer(keeper, primaryMetric: "NMI", validationSplitName: "dev");
        var split = Assert.Throws<ArgumentException>(() =>
            hooks.EndOfEpochHook(tester, Planned.Splits(scenario), folder.Path)
        );
        Assert.Contains("dev", split.Message);
        Assert.Throws<InvalidOperationException>(() => hooks.EndOfTestingHook(tester));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            hooks.EndOfEpochHook(tester, Planned.Splits(scenario), folder.Path, testInterval: 0)
        );
    }
}
