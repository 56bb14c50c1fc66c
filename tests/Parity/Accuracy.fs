namespace MetricLearning.Parity

open System.Collections
open System.Text.Json
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// accuracy.json: metrics, clustering scores, and the label mapping of trainers and testers.
[<RequireQualifiedAccess>]
module Accuracy =

    // Labels as a user has them: nested arrays of strings, or an integer tensor.
    let rec private labels (json: JsonElement) : obj =
        if not (Json.isText json) then
            Tensors.integers json :> obj
        elif json.ValueKind = JsonValueKind.Array then
            Json.items json |> Array.map labels :> obj
        else
            Json.text json :> obj

    let private labelMapping (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let isLevel = (Json.field "set_min_label_to_zero" case).GetBoolean()

        let map =
            LabelMap.Create(isLevel, Json.trySome "dataset_labels" case |> Option.map labels |> Option.toObj)

        // A batch of words has its levels one after the other, a tensor of numbers side by side.
        let given = Json.field "labels" case

        let batch =
            match Json.tryField "labels_layout" case, Json.shape given with
            | None, [ rows; columns ] when Json.isText given ->
                [|
                    for level in 0 .. int columns - 1 ->
                        [| for row in 0 .. int rows - 1 -> Json.text ((given[row])[level]) |]
                |]
                :> obj
            | Some _, _ -> Json.items given |> Array.map labels :> obj
            | None, _ -> labels given

        let level =
            let json = Json.field "label_hierarchy_level" case

            match json.ValueKind with
            | JsonValueKind.String -> HierarchyLevel.All
            | JsonValueKind.Array -> HierarchyLevel.Several(Json.numbers json |> Array.map int)
            | _ -> HierarchyLevel.One(int (Json.number json))

        let ours = map.Apply(level, Labels.ofBatch batch)
        note (Fact.tensor "labels" (Json.field "expected" case) ours)

    // Says whether labels agree: x the query's, y the reference's.
    let private comparison (name: string) : Argument =
        let compare (x: torch.Tensor) (y: torch.Tensor) : torch.Tensor =
            match name with
            | "equal_first_column" -> x.select(-1L, 0L).eq(y.select (-1L, 0L))
            | "within_1" -> (x - y).abs().le(1L.ToScalar())
            | "less_than" -> x.lt y
            | "not_equal" -> x.ne y
            | other -> raise (MissingPart $"the comparison %s{other}")

        Function(fun given -> compare (nonNull given[0] :?> torch.Tensor) (nonNull given[1] :?> torch.Tensor))

    // Stands in for k-means: the clusters that the fixture says were found.
    let private clusters (found: JsonElement) : Argument =
        Function(fun _ -> Tensors.integers found)

    let private calculator (given: Arguments) : obj =
        Build.construct "AccuracyCalculator" given []

    let private facts (note: Fact -> unit) (theirs: JsonElement) (ours: obj) : unit =
        let ours = ours :?> IDictionary

        for name, value in Json.members theirs do
            if name <> "error" then
                match ours[name] with
                | null -> note (Fact.missing name value)
                | :? MetricLearning.Accuracy as one when one.ByClass.Count = 0 ->
                    note (Fact.number name value one.Value)
                | :? MetricLearning.Accuracy as several ->
                    note (Fact.numbers name value (several.ByClass |> Seq.map _.Value))
                | other -> raise (MissingPart $"a metric as a %s{other.GetType().Name}")

    let private metrics (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let inputs = Json.field "inputs" case
        let input name = name, Given(Json.field name inputs)
        let fields name = Build.arguments (Json.field name case)

        let calculator =
            calculator
                [
                    yield! fields "args"
                    match Json.trySome "knn_func" case with
                    | Some spec ->
                        let given = Build.arguments spec |> List.filter (fst >> (<>) "type")
                        "knn_func", Made(Build.construct (Json.text (Json.field "type" spec)) given [])
                    | None -> ()
                    match Json.trySome "kmeans" case with
                    | Some kmeans -> "kmeans_func", clusters (Json.field "cluster_labels" kmeans)
                    | None -> ()
                    match Json.trySome "label_comparison_fn" case with
                    | Some name -> "label_comparison_fn", comparison (Json.text name)
                    | None -> ()
                ]

        Build.invoke
            "get_accuracy"
            calculator
            [
                input "query"
                input "query_labels"
                input "reference"
                input "reference_labels"
                "ref_includes_query", Given(Json.field "ref_includes_query" case)
                yield! fields "call_args"
            ]
            []
        |> nonNull
        |> facts note (Json.field "expected" case)

    // Through the calculator, whose k-means finds what the fixture says; the embeddings do not matter.
    let private clustering (_: JsonElement) (note: Fact -> unit) (case: JsonElement) : unit =
        let theirs = Json.field "expected" case
        let labels = Json.field "labels_true" case

        let embeddings =
            torch.arange(int64 (labels.GetArrayLength()), dtype = torch.float64).unsqueeze 1L

        let calculator =
            calculator
                [
                    "include", Made [| for name, _ in Json.members theirs -> name |]
                    "kmeans_func", clusters (Json.field "labels_pred" case)
                ]

        Build.invoke "get_accuracy" calculator [ "query", Made embeddings; "query_labels", Given labels ] []
        |> nonNull
        |> facts note theirs

    let section: Section =
        {
            File = "accuracy"
            Groups = [ "cases", metrics; "clustering", clustering; "labels", labelMapping ]
            Data = []
        }
