namespace MetricLearning.Parity

open System.Collections
open System.Collections.Generic
open System.Text.Json
open TorchSharp

/// A list of samples that remembers which were asked for.
[<Sealed>]
type RecordedSamples(count: int, sample: int -> obj) =
    let asked = ResizeArray<int>()

    /// The indices asked for since the last call.
    member _.Asked() : int[] =
        let indices = asked.ToArray()
        asked.Clear()
        indices

    interface IReadOnlyList<obj> with
        member _.Count = count

        member _.Item
            with get index =
                asked.Add index
                sample index

        member this.GetEnumerator() : IEnumerator<obj> =
            (Seq.init count (fun index -> (this :> IReadOnlyList<obj>)[index])).GetEnumerator()

        member this.GetEnumerator() : IEnumerator =
            (this :> IReadOnlyList<obj>).GetEnumerator() :> IEnumerator

/// The data sets of trainers.json: what one sample is, and the functions that fit it.
[<RequireQualifiedAccess>]
module Samples =

    let private rows (datasets: JsonElement) (dataset: JsonElement) (name: string) : torch.Tensor =
        let values =
            match Json.tryField name dataset with
            | Some values -> values
            | None ->
                let other = Json.text (Json.field $"%s{name}_of" dataset)
                Json.field name (Json.field other datasets)

        let values = Tensors.floats values

        match Json.tryField "stored_dtype" dataset with
        | Some dtype when Json.text dtype = "float32" -> values.to_type torch.ScalarType.Float32
        | Some dtype when Json.text dtype <> "float64" -> raise (MissingPart $"data stored as %O{dtype}")
        | _ -> values

    // An integer, a string, or a row of integers.
    let private label (json: JsonElement) : obj =
        match json.ValueKind with
        | JsonValueKind.Array -> Tensors.integers json
        | JsonValueKind.String -> Json.text json
        | _ -> json.GetInt64()

    /// The samples of a scenario's data set, each laid out as the scenario says.
    let ofScenario (datasets: JsonElement) (scenario: JsonElement) : RecordedSamples =
        let dataset = Json.field (Json.text (Json.field "dataset" scenario)) datasets
        let data = rows datasets dataset "data"
        let labels = Json.items (Json.field "labels" dataset)

        let sample: int -> obj =
            match Json.trySome "dataset_layout" scenario |> Option.map Json.text with
            | None -> fun index -> struct (data[int64 index], label labels[index])
            | Some "label_data_index" -> fun index -> struct (label labels[index], data[int64 index], index)
            | Some "columns" ->
                fun index ->
                    let levels = labels[index]
                    struct (data[int64 index], struct (label levels[0], label levels[1]))
            | Some "dict" ->
                fun index ->
                    dict<string, obj> [ "x", data[int64 index]; "y", label labels[index]; "index", index ]
                    |> Dictionary<string, obj>
                    :> obj
            | Some "anchor_posneg_label" ->
                let others = rows datasets dataset "posnegs"
                fun index -> struct (data[int64 index], others[int64 index], label labels[index])
            | Some other -> raise (MissingPart $"the layout %s{other}")

        RecordedSamples(labels.Length, sample)

    /// All labels of a scenario's data set, as a user has them.
    let labels (datasets: JsonElement) (scenario: JsonElement) : obj =
        let labels =
            Json.field "labels" (Json.field (Json.text (Json.field "dataset" scenario)) datasets)

        if Json.isText labels then
            Json.items labels |> Array.map Json.text :> obj
        else
            Tensors.integers labels

    let private places (batch: objnull) : obj[] =
        match batch with
        | :? System.Runtime.CompilerServices.ITuple as tuple ->
            Array.init tuple.Length (fun place -> nonNull tuple[place])
        | :? IEnumerable as items -> items |> Seq.cast<obj> |> Array.ofSeq
        | other -> invalidArg (nameof batch) $"%O{other} is no batch of several places"

    let private stacked (place: int) (samples: obj[][]) : torch.Tensor =
        samples
        |> Array.map (fun sample -> sample[place] :?> torch.Tensor)
        |> torch.stack

    /// From a list of samples to a batch.
    let collate (name: string) : objnull[] -> objnull =
        match name with
        | "reverse_batch_and_halve_data" ->
            fun given ->
                let samples = places given[0] |> Array.map places |> Array.rev
                let labels = samples |> Array.map (fun sample -> sample[1] :?> int64)
                struct (stacked 0 samples * 0.5, torch.tensor labels)
        | "stack_data_numpy_string_labels" ->
            fun given ->
                let samples = places given[0] |> Array.map places
                struct (stacked 0 samples, samples |> Array.map (fun sample -> sample[1] :?> string))
        | other -> raise (MissingPart $"the collate function %s{other}")

    /// From a batch to its data and its labels.
    let getter (name: string) : objnull[] -> objnull =
        match name with
        | "label_data_index" ->
            fun given ->
                let batch = places given[0]
                struct (batch[1], batch[0])
        | "dict" ->
            fun given ->
                let batch = nonNull given[0] :?> IDictionary
                struct (nonNull batch["x"], nonNull batch["y"])
        // Here strings are an array to begin with.
        | "numpy_string_labels" ->
            fun given ->
                let batch = places given[0]
                struct (batch[0], batch[1])
        | "numpy_string_labels_two_stream" ->
            fun given ->
                let batch = places given[0]
                struct (box batch[0..1], batch[2])
        | other -> raise (MissingPart $"the data_and_label_getter %s{other}")
