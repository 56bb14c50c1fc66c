namespace MetricLearning;

/// <summary>Progress of a call of <c>Train</c>, reported after every iteration.</summary>
/// <param name="Epoch">The current epoch, from 1.</param>
/// <param name="LastEpoch">The epoch with which training ends.</param>
/// <param name="IterationsDone">Iterations done in the epoch.</param>
/// <param name="IterationsPerEpoch">Iterations of the epoch; null when that differs from pass to pass.</param>
/// <param name="TotalLoss">The weighted sum of the last iteration&#39;s losses.</param>
public sealed record TrainingProgress(
    int Epoch,
    int LastEpoch,
    int IterationsDone,
    int? IterationsPerEpoch,
    double TotalLoss
)
{
    /// <summary>Iterations of the run that moved nothing, because gradients overflowed with <see cref="Precision.Float16"/>.</summary>
    public long SkippedSteps { get; init; }
}
