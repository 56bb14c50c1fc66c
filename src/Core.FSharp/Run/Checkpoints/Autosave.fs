namespace MetricLearning.Core

open MetricLearning
open System
open System.Diagnostics
open System.IO

/// Saves a run now and then, between its iterations, and when training ends, be it by cancellation: files that
/// `Session.ResumeLatest` finds. What is trained does not depend on it.
[<Sealed>]
type Autosave private (session: Session, options: CheckpointOptions) =
    let clock = Stopwatch.StartNew()
    let mutable saved = -1L
    let mutable isOurs = false

    let nameOf (folder: string) =
        Path.TrimEndingDirectorySeparator(Path.GetFullPath folder)

    // Checkpoints of another run must not be mixed with ours, nor deleted.
    let claim () =
        if not isOurs then
            let wasResumedHere =
                match session.ResumedFrom with
                | null -> false
                | path -> Path.GetDirectoryName(Path.GetFullPath path) = nameOf options.Folder

            match CheckpointFolder.list options.Folder with
            | struct (_, path) :: _ when not wasResumedHere ->
                invalidOp
                    $"The folder has checkpoints of another run (\"{path}\"). Go on from them with ResumeLatest before training, or give this run a folder of its own."
            | _ -> isOurs <- true

    let isDue (isOver: bool) (steps: int64) =
        let everyIterations = options.EveryIterations.GetValueOrDefault()

        isOver
        || everyIterations > 0 && steps % int64 everyIterations = 0L
        || options.Every.HasValue && clock.Elapsed >= options.Every.Value

    let save (steps: int64) =
        try
            session.SaveCheckpoint(CheckpointFolder.pathOf options.Folder steps)
            saved <- steps
            CheckpointFolder.prune options.Folder options.KeepLast steps
        with
        | :? IOException
        | :? UnauthorizedAccessException as error when not (isNull options.Failed) ->
            (nonNull options.Failed).Invoke error

        clock.Restart()

    member private _.AfterStep(isOver: bool) : unit =
        let steps = session.Progress.Steps

        if steps > 0L then
            claim ()

            if steps <> saved && isDue isOver steps then
                save steps

    /// Raises ArgumentException when the options make no sense.
    static member Check(options: CheckpointOptions) : unit =
        let refuse (message: string) = raise (ArgumentException message)

        if String.IsNullOrWhiteSpace options.Folder then
            refuse "Checkpoints need a folder."

        if options.EveryIterations.HasValue && options.EveryIterations.Value < 1 then
            refuse
                $"EveryIterations is {options.EveryIterations.Value}; checkpoints are saved every 1 or more iterations."

        if options.Every.HasValue && options.Every.Value <= TimeSpan.Zero then
            refuse $"Every is {options.Every.Value}; the time between checkpoints must be above zero."

        if not options.EveryIterations.HasValue && not options.Every.HasValue then
            refuse "Say how often checkpoints are saved: EveryIterations = 100, or Every = ten minutes."

        if options.KeepLast < 1 then
            refuse $"KeepLast is {options.KeepLast}; at least one checkpoint must be kept."

    /// Lets a session save itself from now on.
    /// Raises ArgumentException when the options make no sense. Training raises InvalidOperationException after its first
    /// iteration when the folder has checkpoints of another run, and IOException when a checkpoint cannot be written.
    static member Start(session: Session, options: CheckpointOptions) : unit =
        Autosave.Check options
        let autosave = Autosave(session, options)
        session.AfterStep <- Action<bool>(autosave.AfterStep)
