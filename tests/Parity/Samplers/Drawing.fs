namespace MetricLearning.Parity

open System.Text.Json
open MetricLearning
open MetricLearning.Core

/// What the groups of samplers.json have in common.
[<RequireQualifiedAccess>]
module Drawing =

    let seed = Seed.ofInt64 1L

    /// As many passes as a sampler needs to show each of its classes and arrangements.
    let passes = 20

    /// A sampler by its documented name, from what the case says and what it needs besides.
    let sampler (name: string) (needs: Arguments) (case: JsonElement) : obj =
        Build.construct name (needs @ Build.arguments (Json.field "args" case)) []

    /// A set of labels that the case names.
    let labels (root: JsonElement) (case: JsonElement) : JsonElement =
        match Json.tryField "labels_list" case with
        | Some given -> given
        | None ->
            let name = Json.text (Json.field "labels" case)

            Json.items (Json.field "label_sets" root)
            |> Array.find (fun candidate -> Json.text (Json.field "id" candidate) = name)
            |> Json.field "labels"

    let lengths (note: Fact -> unit) (expected: JsonElement) (length: System.Nullable<int64>) : unit =
        note (Fact.number "len" (Json.field "len" expected) (float (length.GetValueOrDefault -1L)))
