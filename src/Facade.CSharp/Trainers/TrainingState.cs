namespace MetricLearning;

/// <summary>
/// A run at one moment, weights and all, as a value: it never changes, and any trainer of the same networks can go on
/// from it, as often as you like. Dispose it to give its memory back before the garbage collector does.
/// </summary>
public sealed class TrainingState : IDisposable
{
    internal Core.TrainingState Value { get; }

    internal TrainingState(Core.TrainingState value) => Value = value;

    /// <summary>The current epoch, from 1; 0 before the first.</summary>
    public int Epoch => Value.Progress.Epoch;

    /// <summary>How many iterations of the epoch are done.</summary>
    public int IterationsDone => Value.Progress.Iteration;

    /// <summary>How many iterations the whole run has done.</summary>
    public long Steps => Value.Progress.Steps;

    /// <summary>The last iteration&#39;s losses, weighted, and <c>total_loss</c>.</summary>
    public IReadOnlyDictionary<string, double> Losses => Value.Progress.Losses;

    /// <summary>The learning rate of every parameter group, by optimizer key.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> LearningRates => Interop.Rates(Value.Progress.Rates);

    /// <summary>Whether its memory was given back; then it can no longer be used.</summary>
    public bool IsDisposed => Value.Learned.IsFreed;

    /// <summary>Gives its memory back.</summary>
    public void Dispose() => ((IDisposable)Value).Dispose();
}
