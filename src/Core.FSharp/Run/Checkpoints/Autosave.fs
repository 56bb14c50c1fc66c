namespace MetricLearning.Core

open System
open System.Diagnostics
open System.IO
open MetricLearning

/// Checkpoints that a session writes by itself: between iterations, and when training ends, be it by cancellation. They
/// are files that `Session.ResumeLatest` finds, and change nothing of what is trained.
[<Sealed>]
type internal Autosave(given: CheckpointOptions) =
    let options = CheckpointOptions given
    let clock = Stopwatch.StartNew()
    let mutable saved = -1L
    let mutable isOurs = false

    let nameOf (folder: string) =
        Path.TrimEndingDirectorySeparator(Path.GetFullPath folder)

    // Checkpoints of another run must not be mixed with ours, nor deleted.
    let claim (resumedFrom: string | null) =
        if not isOurs then
            let wasResumedHere =
                match resumedFrom with
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

    let write (save: string -> unit) (steps: int64) =
        try
            save (CheckpointFolder.pathOf options.Folder steps)
            saved <- steps
            CheckpointFolder.prune options.Folder options.KeepLast steps
        with
        | :? IOException
        | :? UnauthorizedAccessException as error when not (isNull options.Failed) ->
            (nonNull options.Failed).Invoke error

        clock.Restart()

    /// The options, as they were when saving began.
    member _.Options = options

    /// Saves if a checkpoint is due after iteration `steps`; `isOver` when training has ended.
    /// Raises InvalidOperationException when the folder has checkpoints of another run.
    member _.AfterStep(isOver: bool, steps: int64, resumedFrom: string | null, save: string -> unit) : unit =
        if steps > 0L then
            claim resumedFrom

            if steps <> saved && isDue isOver steps then
                write save steps

    /// A saver with these options, where there are any. Raises ArgumentException for options that contradict themselves.
    static member Of(options: CheckpointOptions | null) : Autosave | null =
        match options with
        | null -> null
        | options ->
            match options.Mistakes with
            | mistake :: _ -> raise (ArgumentException mistake)
            | [] -> Autosave options

    /// Its options, where there is one.
    static member OptionsOf(autosave: Autosave | null) : CheckpointOptions | null =
        match autosave with
        | null -> null
        | autosave -> autosave.Options
