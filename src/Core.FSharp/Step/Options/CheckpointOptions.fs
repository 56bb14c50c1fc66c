namespace MetricLearning

open System

/// The times at which a run saves itself: between iterations, and when training ends or is cancelled.
[<Sealed>]
type CheckpointOptions() =

    /// The same options as another's; change what differs.
    new(options: CheckpointOptions) as this =
        CheckpointOptions()

        then
            ArgumentNullException.ThrowIfNull(options, nameof options)
            this.Folder <- options.Folder
            this.EveryIterations <- options.EveryIterations
            this.Every <- options.Every
            this.KeepLast <- options.KeepLast
            this.Failed <- options.Failed

    /// A folder for the checkpoints of this run, and of no other; made if it is missing.
    member val Folder: string = "" with get, set

    /// The number of iterations between checkpoints, from 1; null: not by iterations.
    member val EveryIterations: Nullable<int> = Nullable() with get, set

    /// The time between checkpoints; null: not by time.
    member val Every: Nullable<TimeSpan> = Nullable() with get, set

    /// The number of checkpoints kept, from 1: an older one is deleted when a newer one is on disk. 3 by default.
    member val KeepLast: int = 3 with get, set

    /// Called when a checkpoint could not be written (a full disk, say), and training goes on; null lets training fail.
    member val Failed: Action<exn> | null = null with get, set

    /// The mistakes in these options.
    member internal this.Mistakes: string list =
        [
            if String.IsNullOrWhiteSpace this.Folder then
                "Checkpoints need a folder."
            if this.EveryIterations.HasValue && this.EveryIterations.Value < 1 then
                $"EveryIterations is {this.EveryIterations.Value}; checkpoints are saved every 1 or more iterations."
            if this.Every.HasValue && this.Every.Value <= TimeSpan.Zero then
                $"Every is {this.Every.Value}; the time between checkpoints must be above zero."
            if not this.EveryIterations.HasValue && not this.Every.HasValue then
                "Say how often checkpoints are saved: EveryIterations = 100, or Every = ten minutes."
            if this.KeepLast < 1 then
                $"KeepLast is {this.KeepLast}; at least one checkpoint must be kept."
        ]
