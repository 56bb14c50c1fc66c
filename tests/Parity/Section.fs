namespace MetricLearning.Parity

open System.IO
open System.Text.Json

/// What one file of fixtures holds, and how a case of each of its groups is run.
type Section =
    {
        /// Its name without the ending, "losses" say.
        File: string
        Groups: (string * (JsonElement -> (Fact -> unit) -> JsonElement -> unit)) list
        /// Arrays that cases refer to and that hold no case.
        Data: string list
    }

[<RequireQualifiedAccess>]
module Section =

    // A group that this program has never heard of is named as skipped rather than left out.
    let private unknownGroup (file: string) (group: string) : JsonElement -> (Fact -> unit) -> JsonElement -> unit =
        fun _ _ _ -> raise (MissingPart $"a runner for \"%s{group}\" of %s{file}")

    /// All cases of a file, group by group.
    let cases (section: Section) (root: JsonElement) : Case list =
        [
            for group, content in Json.members root do
                if
                    content.ValueKind = JsonValueKind.Array
                    && not (List.contains group section.Data)
                then
                    let run =
                        section.Groups
                        |> List.tryFind (fun (known, _) -> known = group)
                        |> Option.map snd
                        |> Option.defaultWith (fun () -> unknownGroup section.File group)

                    for case in Json.items content do
                        Case.ofJson group (run root) case
        ]

    let load (section: Section) (folder: string) : Case list =
        cases section (Json.read (Path.Combine(folder, $"%s{section.File}.json")))

/// The cases that the reference answers in a way that is deliberately not ours: each has a test of its own, and is not
/// compared here.
[<RequireQualifiedAccess>]
module Differences =

    let load (folder: string) : Set<string * string * string> =
        let path = Path.Combine(folder, "differences.json")

        match File.Exists path with
        | false -> Set.empty
        | true ->
            Json.items (Json.read path)
            |> Array.map (fun entry ->
                let text name = Json.text (Json.field name entry)
                text "file", text "group", text "id")
            |> Set.ofArray
