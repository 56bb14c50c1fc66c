namespace MetricLearning

open System
open System.Collections.Generic
open System.IO
open System.Security.Cryptography
open System.Text
open System.Text.Json

/// Names of groups as they are written: long ones are shortened, and the file `hash_map.json` of a folder has the originals.
[<Sealed>]
type internal GroupNames(folder: string | null) =
    let longest = 64

    let path =
        match folder with
        | null -> null
        | folder -> Path.Combine(folder, "hash_map.json")

    let read (path: string) =
        try
            match JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText path) with
            | null -> Dictionary()
            | found -> found
        with :? JsonException as error ->
            raise (
                InvalidDataException($"\"{path}\" does not say what shortened names stand for: {error.Message}", error)
            )

    let originals =
        match path with
        | NonNull path when File.Exists path -> read path
        | _ -> Dictionary<string, string>()

    let remember (short: string) (name: string) =
        if originals.TryAdd(short, name) then
            match path with
            | null -> ()
            | path -> DurableFile.Write(path, fun stream -> JsonSerializer.Serialize(stream, originals))

    /// The name as it is written. Where what lies between its first and last part (parts are what `_` separates) has more
    /// than 64 characters, the hexadecimal SHA-256 of that stands for it.
    member _.Shorten(name: string) : string =
        let parts = name.Split '_'

        let middle =
            if parts.Length > 2 then
                String.Join('_', parts[1 .. parts.Length - 2])
            else
                ""

        if middle.Length <= longest then
            name
        else
            let hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes middle))
            let short = $"{parts[0]}_{hash}_{parts[parts.Length - 1]}"
            remember short name
            short

    /// The originals of shortened names.
    member _.Originals: IReadOnlyDictionary<string, string> = originals
