using MetricLearning.Core;
using MetricLearning.Tests.Training;
using Xunit;
using Record = MetricLearning.Record;

namespace MetricLearning.Tests.Logging;

/// <summary>What is recorded of iterations.</summary>
public sealed class IterationRecordTests
{
    private static void Train(Scenario scenario, HookContainer? hooks, int epochs = 2, TrainingState? from = null)
    {
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = hooks is null ? null : hooks.EndOfIterationHook,
                EndOfEpochHook = hooks is null ? null : hooks.EndOfEpochHook,
            }
        );

        if (from is not null)
        {
            trainer.State = from;
        }

        trainer.Train(epochs);
    }

    [Fact]
    public void Every_epoch_is_recorded_from_its_first_iteration()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.Path);
        var hooks = LoggingPresets.GetHookContainer(keeper, logFreq: 2);
        Assert.Empty(hooks.GetLossHistory());

        Train(scenario, hooks);

        var history = hooks.GetLossHistory();
        Assert.Equal([0.0, 2, 3, 5], history["~iteration~"]);
        Assert.Equal(history["metric_loss"], history["total_loss"]);
        Assert.Equal(["total_loss"], hooks.GetLossHistory("total_loss").Keys);
        Assert.Throws<ArgumentException>(() => hooks.GetLossHistory("no_loss"));
    }

    [Fact]
    public void Groups_have_the_documented_names()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.At("csv"), folder.At("tensorboard"));
        var loss = new TripletMarginLoss
        {
            CollectStats = true,
            Distance = new CosineSimilarity { CollectStats = true },
            Reducer = new ThresholdReducer(low: 0) { CollectStats = true },
            EmbeddingRegularizer = new LpRegularizer
            {
                Reducer = new ThresholdReducer(low: -1) { CollectStats = true },
            },
        };
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                LossFuncs = new() { MetricLoss = loss },
                MiningFuncs = new() { TupleMiner = new TripletMarginMiner { CollectStats = true } },
                EndOfIterationHook = LoggingPresets.GetHookContainer(keeper).EndOfIterationHook,
            }
        );

        trainer.Train(1);

        const string Part = "metric_loss_TripletMarginLoss__modules_";
        string[] groups =
        [
            "embedder_optimizer_Adam",
            "loss_histories",
            "loss_weights",
            "metric_loss_TripletMarginLoss",
            Part + "distance_CosineSimilarity",
            Part + "embedding_regularizer_LpRegularizer__modules_reducer_ThresholdReducer",
            Part + "reducer_MultipleReducers__modules_reducers_ModuleDict__modules_loss_ThresholdReducer",
            "trunk_optimizer_SGD",
            "tuple_miner_TripletMarginMiner",
        ];
        var read = System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, string>>(
            File.Exists(folder.At("csv", "hash_map.json")) ? File.ReadAllText(folder.At("csv", "hash_map.json")) : "{}"
        )!;
        var names = folder.Files("csv", "*.csv").Select(Path.GetFileNameWithoutExtension);
        Assert.Equal(groups.Order(), names.Select(name => read.GetValueOrDefault(name!, name!)).Order());
        Assert.Equal(0.1, keeper.History("trunk_optimizer_SGD", "lr")["lr"][0]);
        Assert.Equal(
            ["avg_triplet_margin", "neg_pair_dist", "num_neg_pairs", "num_pos_pairs", "num_triplets", "pos_pair_dist"],
            keeper.Series("tuple_miner_TripletMarginMiner").Order()
        );
        Assert.Single(folder.Files("tensorboard"));
    }

    [Fact]
    public void A_record_is_in_the_file_when_the_hook_returns()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        using var keeper = LoggingPresets.GetRecordKeeper(folder.Path);
        var hooks = LoggingPresets.GetHookContainer(keeper, logFreq: 1);
        var seen = new List<int>();
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = it =>
                {
                    hooks.EndOfIterationHook(it);
                    seen.Add(File.ReadAllLines(folder.At("loss_histories.csv")).Length);
                },
            }
        );

        trainer.Train(1);

        Assert.Equal([2, 3, 4], seen);
    }

    [Fact]
    public void Weights_are_the_same_with_records_and_without()
    {
        using var with = new Scenario();
        using var without = new Scenario();
        using var folder = new TemporaryFolder();
        using var keeper = LoggingPresets.GetRecordKeeper(
            folder.Path,
            folder.At("tensorboard"),
            folder.At("all.db"),
            "run"
        );

        Train(with, LoggingPresets.GetHookContainer(keeper, logFreq: 1));
        Train(without, null);

        Assert.Equal(without.Weights(), with.Weights());
    }

    [Fact]
    public void An_interrupted_run_goes_on_without_duplicates()
    {
        static IReadOnlyDictionary<string, IReadOnlyList<double>> Recorded(bool interrupted)
        {
            using var folder = new TemporaryFolder();
            using var first = new Scenario();
            TrainingState? saved = null;

            if (interrupted)
            {
                // Four iterations are recorded, and the state after two of them was saved.
                using var keeper = LoggingPresets.GetRecordKeeper(folder.Path);
                var hooks = LoggingPresets.GetHookContainer(keeper, logFreq: 1);
                using var trainer = new MetricLossOnly(
                    new TrainerOptions(first.Options)
                    {
                        EndOfIterationHook = it =>
                        {
                            hooks.EndOfIterationHook(it);
                            saved ??= it.Iteration == 1 ? it.State : null;
                        },
                    }
                );

                foreach (var _ in Enumerable.Range(0, 4))
                {
                    trainer.Step();
                }
            }

            using (saved)
            using (var second = new Scenario())
            using (var keeper = LoggingPresets.GetRecordKeeper(folder.Path))
            {
                var hooks = LoggingPresets.GetHookContainer(keeper, logFreq: 1);
                Train(second, hooks, 2, saved);
                return hooks.GetLossHistory();
            }
        }

        Assert.Equal(Recorded(interrupted: false), Recorded(interrupted: true));
    }

    private sealed class Counting : IRecordWriter
    {
        public int Appended { get; private set; }
        public int Flushed { get; private set; }

        public void Append(IReadOnlyList<Record> records) => Appended += records.Count;

        public void Amend(Record record) { }

        public void Flush() => Flushed++;

        public void Dispose() { }
    }

    [Fact]
    public void Records_are_forced_to_disk_at_epochs_and_before_checkpoints()
    {
        using var folder = new TemporaryFolder();
        using var scenario = new Scenario();
        var writer = new Counting();
        using var keeper = new RecordKeeper([writer]);
        var hooks = LoggingPresets.GetHookContainer(keeper, logFreq: 1);
        using var trainer = new MetricLossOnly(
            new TrainerOptions(scenario.Options)
            {
                EndOfIterationHook = hooks.EndOfIterationHook,
                EndOfEpochHook = hooks.EndOfEpochHook,
            }
        );

        trainer.Step();
        Assert.Equal((4, 0), (writer.Appended, writer.Flushed));
        trainer.Session.SaveCheckpoint(folder.At("checkpoint"));
        Assert.Equal(1, writer.Flushed);
        trainer.Step();
        trainer.Step();
        Assert.Equal((12, 2), (writer.Appended, writer.Flushed));
    }

    [Fact]
    public void Impossible_settings_are_refused()
    {
        using var folder = new TemporaryFolder();
        using var keeper = new RecordKeeper([]);
        Assert.Throws<ArgumentOutOfRangeException>(() => LoggingPresets.GetHookContainer(keeper, logFreq: 0));
        Assert.Throws<ArgumentNullException>(() => LoggingPresets.GetHookContainer(null!));
        Assert.Throws<ArgumentException>(() =>
            LoggingPresets.GetRecordKeeper(folder.Path, globalDbPath: folder.At("all.db"))
        );
    }
}
