namespace MetricLearning;

/// <summary>How far a call of <c>Train</c> has come; reported after every iteration.</summary>
/// <param name="Epoch">The current epoch, from 1.</param>
/// <param name="LastEpoch">The epoch with which training ends.</param>
/// <param name="IterationsDone">How many iterations of the epoch are done.</param>
/// <param name="IterationsPerEpoch">How many the epoch has; null when only its end will tell.</param>
/// <param name="TotalLoss">The weighted sum of the last iteration&#39;s losses.</param>
public sealed record TrainingProgress(
    int Epoch,
    int LastEpoch,
    int IterationsDone,
    int? IterationsPerEpoch,
    double TotalLoss
);
