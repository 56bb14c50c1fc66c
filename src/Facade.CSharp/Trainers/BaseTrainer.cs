using MetricLearning.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace MetricLearning;

/// <summary>
/// The base of all trainers: a run that is trained by epochs, by single steps or as a stream of events, with hooks. Its
/// state is a value that you can take at any time and go back to.
/// </summary>
public abstract partial class BaseTrainer : IDisposable
{
    private readonly TrainerOptions options;
    private readonly Session session;
    private readonly ILogger logger;
    private readonly List<string> warnings = [];
    private readonly bool isFirst;
    private bool isDisposed;

    private protected BaseTrainer(Recipe recipe, TrainerOptions options)
    {
        this.options = options ?? throw new ArgumentNullException(nameof(options));
        isFirst = options.Processes?.IsFirst ?? true;
        logger = (isFirst ? options.Logger : null) ?? NullLogger.Instance;
        var prepared = Setup.prepare(recipe, options);
        session = Session.Start(prepared);
        session.BeforeSaving = () => CheckpointSaving?.Invoke(this);
        session.Warned = Warn;

        foreach (var warning in prepared.Warnings)
        {
            Warn(warning);
        }
    }

    /// <summary>The run itself.</summary>
    internal Session Session => session;

    /// <summary>Doubtful options that construction found, and what only training shows; also logged.</summary>
    public IReadOnlyList<string> Warnings => warnings.AsReadOnly();

    /// <summary>
    /// The newest state. You own the state that you take: later training never modifies it, and you dispose it. Setting a state makes the
    /// trainer, and its networks, go on from it.
    /// </summary>
    /// <exception cref="InvalidOperationException">The state that is set was disposed.</exception>
    /// <exception cref="ArgumentException">The state that is set is that of other networks, optimizers or schedules.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public TrainingState State
    {
        get
        {
            ThrowIfDisposed();
            return session.Take();
        }
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            ThrowIfDisposed();
            session.Resume(value);
        }
    }

    /// <summary>The parts of the run, and the memory that its state takes: a look before the first step.</summary>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public RunSummary Summary()
    {
        ThrowIfDisposed();
        return session.Summary();
    }

    /// <summary>Moves every <c>_scheduler_by_plateau</c> by a validation score. Call it in the end-of-epoch hook.</summary>
    /// <param name="validationScore">For example an accuracy; whether more is better is the schedule&#39;s to know.</param>
    /// <exception cref="ArgumentException">The score is not a number.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public void StepLrPlateauSchedulers(double validationScore)
    {
        ThrowIfDisposed();

        if (double.IsNaN(validationScore))
        {
            throw new ArgumentException(
                "The validation score is NaN; schedules compare it with the best so far. Give a number.",
                nameof(validationScore)
            );
        }

        session.Observe(validationScore);
    }

    /// <summary>
    /// Ends the run: the networks keep their newest weights in memory of their own, and are frozen or not and in the modes
    /// in which they were found.
    /// </summary>
    public void Dispose()
    {
        isDisposed = true;
        session.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Warn(string warning)
    {
        warnings.Add(warning);
        logger.LogWarning("{Warning}", warning);
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(isDisposed, this);
}
