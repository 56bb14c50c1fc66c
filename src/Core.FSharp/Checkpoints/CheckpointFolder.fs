namespace MetricLearning.Core

open System
open System.Globalization
open System.IO

/// The checkpoints of one run in one folder: `checkpoint-00000020.safetensors` is that after 20 iterations.
module CheckpointFolder =

    [<Literal>]
    let private Prefix = "checkpoint-"

    [<Literal>]
    let private Suffix = ".safetensors"

    /// The name of the checkpoint after so many iterations.
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
