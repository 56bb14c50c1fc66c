using MetricLearning;

namespace Digits;

/// <summary>The records of a run, as far as they are asked for: losses of every iteration, accuracies of every few epochs.</summary>
internal sealed class RunRecords : IDisposable
{
    private readonly RecordKeeper keeper;
    private readonly HookContainer hooks;
    private readonly GlobalEmbeddingSpaceTester tester;

    /// <param name="options">Without a folder, records stay in memory.</param>
    /// <param name="seed">Every run has a folder of its own.</param>
    /// <param name="test">The pictures that the accuracies are of.</param>
    public RunRecords(Options options, int seed, DigitSet test)
    {
        // A run that goes on in another process has its losses on disk, for the report.
        var home = options.Records ?? options.Checkpoint;
        var folder = home is null ? null : Path.Combine(home, $"seed-{seed}");
        keeper = folder is null
            ? new RecordKeeper([])
            : LoggingPresets.GetRecordKeeper(
                folder,
                tensorboardFolder: options.Records is null ? null : Path.Combine(folder, "tensorboard")
            );
        hooks = LoggingPresets.GetHookContainer(
            keeper,
            validationSplitName: "test",
            saveModels: options.Records is not null,
            logFreq: 1
        );
        tester = new(
            new TesterOptions
            {
                DataloaderNumWorkers = 0,
                DataDevice = options.Device,
                AccuracyCalculator = new(include: ["mean_average_precision_at_r", "r_precision", "precision_at_1"]),
            }
        );
        EndOfIterationHook = hooks.EndOfIterationHook;
        EndOfEpochHook =
            options.EvaluateEvery == 0
                ? hooks.EndOfEpochHook
                : hooks.EndOfEpochHook(
                    tester,
                    new Dictionary<string, TrainingData>
                    {
                        ["test"] = TrainingData.FromTensors(test.Pictures, test.Labels),
                    },
                    Path.Combine(folder ?? options.Out, "models"),
                    options.EvaluateEvery
                );
    }

    /// <summary>Records losses, weights and learning rates.</summary>
    public Action<BaseTrainer> EndOfIterationHook { get; }

    /// <summary>Records accuracies.</summary>
    public Func<BaseTrainer, bool?> EndOfEpochHook { get; }

    /// <summary>The total loss of every recorded iteration, those before an interruption as well.</summary>
    public IReadOnlyList<double> Losses => hooks.GetLossHistory("total_loss").GetValueOrDefault("total_loss", []);

    /// <summary>The accuracies by epoch; null without evaluations.</summary>
    public AccuracyHistory? Accuracies
    {
        get
        {
            var history = hooks.GetAccuracyHistory(tester, "test", returnAllMetrics: true);
            return history.Count == 0
                ? null
                : new(
                    history["epoch"],
                    [
                        .. RetrievalScores.Names.Zip(
                            ["mean_average_precision_at_r", "r_precision", "precision_at_1"],
                            (name, metric) => (name, history[$"{metric}_level0"])
                        ),
                    ]
                );
        }
    }

    public void Dispose() => keeper.Dispose();
}

/// <summary>What evaluations found.</summary>
/// <param name="Epochs">When.</param>
/// <param name="Lines">Each accuracy by name, one number for each of the epochs.</param>
internal sealed record AccuracyHistory(
    IReadOnlyList<double> Epochs,
    IReadOnlyList<(string Name, IReadOnlyList<double> Values)> Lines
);
