using MetricLearning.Core;

namespace MetricLearning;

// Networks with the averages of their weights.
public abstract partial class BaseTrainer
{
    /// <summary>
    /// The newest state with the averages of weights in the places of the weights; you own it. Setting <see cref="State"/> to it lets the
    /// networks have the averages, and training go on from them: for the end of a run. Before the first weights are averaged it has
    /// the weights themselves.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no <see cref="RunOptions.WeightAveraging"/>.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public TrainingState AveragedState
    {
        get
        {
            ThrowIfDisposed();
            ThrowIfNotAveraging();
            using var newest = session.Take();
            return newest.Averaged();
        }
    }

    /// <summary>
    /// Runs an action while the networks and losses have the averages of their weights: testers, inference and what saves networks
    /// then use these. Afterwards, also when the action fails, they have the weights that they had, bit for bit. May be called in
    /// hooks and between steps. The action cannot train, and must not write into the networks. Meanwhile other threads wait for
    /// them.
    /// </summary>
    /// <exception cref="InvalidOperationException">There is no <see cref="RunOptions.WeightAveraging"/>.</exception>
    /// <exception cref="ObjectDisposedException">The trainer was disposed.</exception>
    public void WhileAveraged(Action action)
    {
        ArgumentNullException.ThrowIfNull(action);
        WhileAveraged(() =>
        {
            action();
            return true;
        });
    }

    /// <summary>The same for an action with a result.</summary>
    /// <inheritdoc cref="WhileAveraged(Action)"/>
    public TResult WhileAveraged<TResult>(Func<TResult> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        ThrowIfDisposed();
        ThrowIfNotAveraging();
        return session.WhileAveraged(action);
    }

    private void ThrowIfNotAveraging()
    {
        if (options.WeightAveraging is null)
        {
            throw new InvalidOperationException(
                "This trainer keeps no average of weights: set WeightAveraging in its options, for example WeightAveraging.Exponential(0.999)."
            );
        }
    }
}
