using System.Runtime.CompilerServices;
using MetricLearning.Core;

namespace MetricLearning;

/// <summary>
/// Hooks that record a run, evaluate it, keep its best and latest networks, and end it when it gets no better. Each can be
/// called in a hook of your own, alone or with others.
/// </summary>
public sealed partial class HookContainer
{
    private readonly ConditionalWeakTable<Session, Action> watched = [];
    private readonly string? prefix;
    private readonly string primaryMetric;
    private readonly PlateauMode? primaryMode;
    private readonly string validationSplitName;
    private readonly bool saveModels;
    private readonly int logFreq;

    /// <summary>Hooks with these settings.</summary>
    /// <param name="recordKeeper">Gets the records.</param>
    /// <param name="recordGroupNamePrefix">The beginning of the names of accuracy groups; null for none.</param>
    /// <param name="primaryMetric">The accuracy, or the tester's loss, that decides which epoch is best.</param>
    /// <param name="validationSplitName">The split that decides it.</param>
    /// <param name="saveModels">Saves networks and losses after evaluations.</param>
    /// <param name="logFreq">The number of iterations between records, from the first of an epoch.</param>
    /// <param name="primaryMode">The direction in which the primary metric improves; null: a loss by falling, anything else by
    /// rising.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="logFreq"/> is below 1.</exception>
    public HookContainer(
        RecordKeeper recordKeeper,
        string? recordGroupNamePrefix = null,
        string primaryMetric = "mean_average_precision_at_r",
        string validationSplitName = "val",
        bool saveModels = true,
        int logFreq = 50,
        PlateauMode? primaryMode = null
    )
    {
        ArgumentNullException.ThrowIfNull(recordKeeper);
        ArgumentException.ThrowIfNullOrEmpty(primaryMetric);
        ArgumentException.ThrowIfNullOrEmpty(validationSplitName);

        if (logFreq < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(logFreq),
                $"logFreq is {logFreq}; every 1 or more iterations are recorded."
            );
        }

        RecordKeeper = recordKeeper;
        this.primaryMode = primaryMode;
        prefix = recordGroupNamePrefix;
        this.primaryMetric = primaryMetric;
        this.validationSplitName = validationSplitName;
        this.saveModels = saveModels;
        this.logFreq = logFreq;
    }

    /// <summary>Gets the records.</summary>
    public RecordKeeper RecordKeeper { get; }

    /// <summary>
    /// Records every <c>logFreq</c>-th iteration of an epoch, from its first: losses, their weights, learning rates, and the
    /// statistics of losses and miners. When it returns, the operating system has the records. From then on they are forced to disk
    /// before every checkpoint of the trainer.
    /// </summary>
    /// <exception cref="IOException">A record cannot be written.</exception>
    public void EndOfIterationHook(BaseTrainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        FlushBeforeCheckpoints(trainer.Session);

        if (trainer.Iteration % logFreq == 0)
        {
            RecordKeeper.Append(Recording.ofIteration(trainer.Session, trainer.GlobalIteration));
        }
    }

    /// <summary>Forces all records to disk: the hook of a run that is not evaluated. Training goes on.</summary>
    /// <exception cref="IOException">A record cannot be written.</exception>
    public bool? EndOfEpochHook(BaseTrainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        RecordKeeper.Flush();
        return true;
    }

    /// <summary>
    /// The recorded losses by name, and the iterations as <c>~iteration~</c> when no names are given; empty before the first
    /// record.
    /// </summary>
    /// <exception cref="ArgumentException">There is no loss of a name.</exception>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> GetLossHistory(params string[] lossNames)
    {
        ArgumentNullException.ThrowIfNull(lossNames);
        return RecordKeeper.History(Recording.LossHistories, lossNames);
    }

    /// <summary>
    /// Loads the latest, or the best, networks and losses that the epoch hook has saved into the trainer, and returns the
    /// number of the epoch after theirs; 1, when there are none. The files have no optimizer slots: to
    /// continue an interrupted run exactly, resume a checkpoint.
    /// </summary>
    /// <param name="trainer">A trainer with networks and losses of the same shapes.</param>
    /// <param name="modelFolder">The folder that the hook was given.</param>
    /// <param name="best">Loads the best instead of the latest.</param>
    /// <exception cref="InvalidDataException">A file is damaged, or of other networks; nothing was loaded.</exception>
    public int LoadLatestSavedModels(BaseTrainer trainer, string modelFolder, bool best = false)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(modelFolder);
        var newest = ModelFolder.newest(trainer.Session, modelFolder, best);

        if (newest.IsNone)
        {
            return 1;
        }

        ModelFolder.load(trainer.Session, modelFolder, best, newest.Value);
        return newest.Value + 1;
    }

    private void FlushBeforeCheckpoints(Session session)
    {
        if (!watched.TryGetValue(session, out _))
        {
            var others = session.BeforeSaving;
            session.BeforeSaving = () =>
            {
                others?.Invoke();
                RecordKeeper.Flush();
            };
            watched.Add(session, session.BeforeSaving);
        }
    }
}
