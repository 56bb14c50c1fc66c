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
