namespace MetricLearning.Parity

open System.Globalization
open System.IO
open System.Text.Json

/// Reading fixtures: numbers that JSON cannot spell are the strings "NaN", "Infinity" and "-Infinity".
[<RequireQualifiedAccess>]
module Json =

    let read (path: string) : JsonElement =
        use document = JsonDocument.Parse(File.ReadAllText path)
        document.RootElement.Clone()

    /// A field that is there, null or not.
    let tryField (name: string) (json: JsonElement) : JsonElement option =
        match json.ValueKind with
        | JsonValueKind.Object ->
            match json.TryGetProperty name with
            | true, value -> Some value
            | _ -> None
        | _ -> None

    let isNull (json: JsonElement) : bool = json.ValueKind = JsonValueKind.Null

    /// A field that is there and not null.
    let trySome (name: string) (json: JsonElement) : JsonElement option =
        tryField name json |> Option.filter (isNull >> not)

    let field (name: string) (json: JsonElement) : JsonElement =
        match tryField name json with
        | Some value -> value
        | None -> invalidArg (nameof name) $"the fixture has no field \"%s{name}\""

    let text (json: JsonElement) : string =
        match json.GetString() with
        | null -> invalidArg (nameof json) "expected a string, found null"
        | text -> text

    let items (json: JsonElement) : JsonElement[] =
        [| for item in json.EnumerateArray() -> item |]

    let members (json: JsonElement) : (string * JsonElement)[] =
        [| for item in json.EnumerateObject() -> item.Name, item.Value |]

    /// How many items a list has, as a fixture would say it.
    let count (json: JsonElement) : JsonElement =
        JsonSerializer.SerializeToElement(json.GetArrayLength())

    /// An object without one of its fields.
    let without (name: string) (json: JsonElement) : JsonElement =
        let rest = members json |> Array.filter (fst >> (<>) name) |> dict
        JsonSerializer.SerializeToElement rest

    let tryNumber (json: JsonElement) : float option =
        match json.ValueKind with
        | JsonValueKind.Number -> Some(json.GetDouble())
        | JsonValueKind.String when Array.contains (json.GetString()) [| "NaN"; "Infinity"; "-Infinity" |] ->
            Some(System.Double.Parse(text json, CultureInfo.InvariantCulture))
        | _ -> None

    let number (json: JsonElement) : float =
        match tryNumber json with
        | Some value -> value
        | None -> invalidArg (nameof json) $"expected a number, found %s{json.GetRawText()}"

    /// The shape of nested lists of equal lengths; [] for a number.
    let rec shape (json: JsonElement) : int64 list =
        match json.ValueKind with
        | JsonValueKind.Array when json.GetArrayLength() = 0 -> [ 0L ]
        | JsonValueKind.Array -> int64 (json.GetArrayLength()) :: shape json[0]
        | _ -> []

    let rec private leaves (json: JsonElement) : JsonElement seq =
        match json.ValueKind with
        | JsonValueKind.Array -> Seq.collect leaves (json.EnumerateArray())
        | _ -> Seq.singleton json

    /// All numbers of nested lists, row major. True and false are 1 and 0.
    let numbers (json: JsonElement) : float[] =
        [|
            for leaf in leaves json ->
                match leaf.ValueKind with
                | JsonValueKind.True -> 1.0
                | JsonValueKind.False -> 0.0
                | _ -> number leaf
        |]

    /// Whether every number of nested lists is written as an integer.
    let isIntegral (json: JsonElement) : bool =
        leaves json
        |> Seq.forall (fun leaf -> leaf.ValueKind = JsonValueKind.Number && fst (leaf.TryGetInt64()))

    /// Whether nested lists hold true and false.
    let isTruth (json: JsonElement) : bool =
        leaves json
        |> Seq.forall (fun leaf -> leaf.ValueKind = JsonValueKind.True || leaf.ValueKind = JsonValueKind.False)

    /// Whether there is a string among nested lists that is no number.
    let isText (json: JsonElement) : bool =
        leaves json
        |> Seq.exists (fun leaf -> leaf.ValueKind = JsonValueKind.String && (tryNumber leaf).IsNone)
