using MetricLearning.Core;

namespace MetricLearning;

/// <summary>When a trainer saves itself: between iterations, and when training ends or is cancelled.</summary>
public sealed record CheckpointOptions
{
    /// <summary>A folder for the checkpoints of this run, and of no other; made if it is missing.</summary>
    public required string Folder { get; init; }

    /// <summary>After every so many iterations of the run, from 1; null: not by iterations.</summary>
    public int? EveryIterations { get; init; }

    /// <summary>When so much time has passed since the last checkpoint; null: not by time.</summary>
    public TimeSpan? Every { get; init; }

    /// <summary>How many checkpoints are kept, from 1: an older one is deleted when a newer one is on disk.</summary>
    public int KeepLast { get; init; } = 3;

    /// <summary>
    /// Told when a checkpoint could not be written (a full disk, say), and training goes on; null lets training fail.
    /// </summary>
    public Action<Exception>? Failed { get; init; }

    internal AutosaveOptions Value =>
        new(
            folder: Folder,
            everyIterations: EveryIterations,
            every: Every,
            keepLast: KeepLast,
            failed: Failed is { } failed ? failed.Invoke : null
        );
}
