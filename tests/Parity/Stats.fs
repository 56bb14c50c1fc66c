namespace MetricLearning.Parity

open System.Collections.Generic
open System.Text.Json

/// What miners, distances, reducers and losses record about their last call.
[<RequireQualifiedAccess>]
module Stats =

    /// Asks for statistics, where a constructor knows of them.
    let collected: Arguments =
        use document = JsonDocument.Parse "true"
        [ "collect_stats", Given(document.RootElement.Clone()) ]

    /// Numbers by name; an object within is that of the part of this name, "distance" say.
    let rec facts (where: string) (theirs: JsonElement) (target: obj) : Fact list =
        [
            for name, value in Json.members theirs do
                let where = $"%s{where}.%s{name}"

                if value.ValueKind <> JsonValueKind.Object then
                    let recorded =
                        Library.property "stats" target :?> IReadOnlyDictionary<string, float>

                    match recorded.TryGetValue name with
                    | true, ours -> Fact.number where value ours
                    | _ -> Fact.missing where value
                elif not (Seq.isEmpty (Json.members value)) then
                    yield! facts where value (Library.property name target)
        ]
