namespace MetricLearning.Interruption

open System
open System.IO
open MetricLearning
open MetricLearning.Core

/// What lies in a run's folder.
module Folder =

    /// The name and the bytes of every checkpoint. InvalidDataException if one is not whole.
    let checkpoints (folder: string) : Map<string, byte[]> =
        Map.ofList
            [
                for struct (_, path) in CheckpointFolder.list folder do
                    use file = SafetensorsFile.Open path
                    file.CheckSeal()
                    path, File.ReadAllBytes path
            ]

    /// Whether every checkpoint is whole.
    let isWhole (folder: string) : bool =
        try
            checkpoints folder |> ignore
            true
        with :? InvalidDataException ->
            false

    /// Iterations of the newest checkpoint; 0 without one.
    let newest (folder: string) : int64 =
        match CheckpointFolder.list folder with
        | struct (steps, _) :: _ -> steps
        | [] -> 0L

    /// The temporary files that writers had begun after a moment, in universal time.
    let unfinished (since: DateTime) (folder: string) : string list =
        if Directory.Exists folder then
            [
                for path in Directory.GetFiles(folder, "*.tmp") do
                    let file = FileInfo path

                    if file.Exists && file.Length > 0L && file.LastWriteTimeUtc >= since then
                        path
            ]
        else
            []

    /// A new folder while something is done.
    let within (act: string -> 'Result) : 'Result =
        let folder = Directory.CreateTempSubdirectory("interruption-").FullName

        try
            act (Path.Combine(folder, "run"))
        finally
            Directory.Delete(folder, true)
