using MetricLearning.Core;

namespace MetricLearning;

// Finding a learning rate.
public abstract partial class BaseTrainer
{
    /// <summary>
    /// The losses of a fork of the newest state that trains at rising learning rates, and the rates that they suggest. The trainer is
    /// afterwards as it was, bit for bit: state, networks, optimizers and the order of data. May be called before training, between
    /// steps and in hooks.
    /// </summary>
    /// <param name="search">The rates, the number of iterations, and the optimizers whose rates rise; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the search; the trainer is as it was.</param>
    /// <exception cref="ArgumentException">An optimizer that does not exist; rates that do not rise.</exception>
    /// <exception cref="InvalidOperationException">There is no optimizer, or one that keeps its state to itself.</exception>
    /// <exception cref="OperationCanceledException">The search was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public LearningRateCurve FindLearningRate(
        LearningRateSearch? search = null,
        CancellationToken cancellationToken = default
    )
    {
        ThrowIfDisposed();
        return session.FindLearningRate(search, cancellationToken);
    }
}
