using MetricLearning;
using static TorchSharp.torch;

namespace Samples;

/// <summary>The records of a run, as far as they are asked for: losses of every iteration, accuracies of every few epochs.</summary>
internal sealed class RunRecords : IDisposable
{
    private readonly RecordKeeper keeper;
    private readonly HookContainer hooks;
    private readonly GlobalEmbeddingSpaceTester tester;

    /// <param name="folder">Null: records stay in memory.</param>
    /// <param name="keep">Whether TensorBoard's files and the networks of the best epoch are kept as well.</param>
    /// <param name="test">The pictures that the accuracies are of.</param>
    /// <param name="models">The folder of the networks of the best epoch.</param>
    /// <param name="evaluateEvery">Every how many epochs accuracies are recorded; 0 = never.</param>
    /// <param name="device">Where the networks are.</param>
    /// <param name="workers">Threads that load batches of the test pictures.</param>
    /// <param name="averaged">Whether accuracies are those of the averages of weights.</param>
    public RunRecords(
        string? folder,
        bool keep,
        TrainingData test,
        string models,
        int evaluateEvery,
        Device device,
        int workers = 0,
        bool averaged = false
    )
    {
        keeper = folder is null
            ? new RecordKeeper([])
            : LoggingPresets.GetRecordKeeper(
                folder,
                tensorboardFolder: keep ? Path.Combine(folder, "tensorboard") : null
            );
        hooks = LoggingPresets.GetHookContainer(keeper, validationSplitName: "test", saveModels: keep, logFreq: 1);
        tester = new(
            new TesterOptions
            {
                Processes = Processes.Join(),
                DataloaderNumWorkers = workers,
                DataDevice = device,
                AccuracyCalculator = new(include: ["mean_average_precision_at_r", "r_precision", "precision_at_1"]),
            }
        );
        EndOfIterationHook = hooks.EndOfIterationHook;
        EndOfEpochHook =
            evaluateEvery == 0
                ? hooks.EndOfEpochHook
                : hooks.EndOfEpochHook(
                    tester,
                    new Dictionary<string, TrainingData> { ["test"] = test },
                    models,
                    evaluateEvery,
                    averaged: averaged
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
