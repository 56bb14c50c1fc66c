namespace MetricLearning.Core

open System
open System.Globalization
open System.IO
open MetricLearning

/// The checkpoints of one run in one folder: `checkpoint-00000020.safetensors` is that after 20 iterations.
module CheckpointFolder =

    [<Literal>]
    let private Prefix = "checkpoint-"

    [<Literal>]
    let private Suffix = ".safetensors"

    /// The name of the checkpoint after the given number of iterations.
    let pathOf (folder: string) (steps: int64) : string =
        let number = steps.ToString("D8", CultureInfo.InvariantCulture)
        Path.Combine(folder, $"{Prefix}{number}{Suffix}")

    let private stepsOf (path: string) : int64 option =
        match Path.GetFileName path with
        | null -> None
        | name when
            name.StartsWith(Prefix, StringComparison.Ordinal)
            && name.EndsWith(Suffix, StringComparison.Ordinal)
            ->
            let number = name[Prefix.Length .. name.Length - Suffix.Length - 1]

            match Int64.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture) with
            | true, steps -> Some steps
            | _ -> None
        | _ -> None

    /// The checkpoints in a folder, with the iterations that they come after, newest first; none where there is no folder.
    let list (folder: string) : struct (int64 * string) list =
        if Directory.Exists folder then
            Directory.GetFiles(folder, $"{Prefix}*{Suffix}")
            |> Seq.choose (fun path -> stepsOf path |> Option.map (fun steps -> struct (steps, path)))
            |> Seq.sortByDescending (fun struct (steps, _) -> steps)
            |> List.ofSeq
        else
            []

    /// The newest checkpoint that `load` takes, which raises InvalidDataException for one that is not whole; null where there is
    /// none. `damaged` is told why a newer one was not taken. When none is whole, raises what the newest raised.
    let internal firstWhole (folder: string) (load: string -> unit) (damaged: Action<string>) : string | null =
        let rec attempt (first: exn option) (left: struct (int64 * string) list) : string | null =
            match left, first with
            | [], None -> null
            | [], Some error -> raise error
            | struct (_, path) :: older, first ->
                let failure =
                    try
                        load path
                        None
                    with :? InvalidDataException as error ->
                        Some error

                match failure with
                | None -> path
                | Some error ->
                    damaged.Invoke error.Message
                    attempt (Some(Option.defaultValue (error :> exn) first)) older

        attempt None (list folder)

    let private delete (path: string) : unit =
        try
            File.Delete path
        with
        // Somebody reads it, or may not delete it: it is not what matters.
        | :? IOException
        | :? UnauthorizedAccessException -> ()

    /// After the checkpoint of `newest` iterations was written: deletes all but the last `keep` up to it, later ones (of a
    /// run that went back) and what writers that were killed left.
    let prune (folder: string) (keep: int) (newest: int64) : unit =
        let later, kept =
            list folder |> List.partition (fun struct (steps, _) -> steps > newest)

        for struct (_, path) in later @ List.skip (min keep kept.Length) kept do
            delete path

        for path in Directory.GetFiles(folder, $"{Prefix}*{Suffix}.tmp") do
            delete path
