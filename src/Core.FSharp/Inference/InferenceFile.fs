namespace MetricLearning

open System
open System.Collections.Generic
open System.Globalization
open System.IO
open TorchSharp

/// The parts of an inference model besides its networks.
[<ReferenceEquality>]
type internal InferenceContent =
    {
        NormalizeEmbeddings: bool
        /// The formula that compares pairs, in words.
        Distance: string
        Threshold: Nullable<float>
        /// The embeddings that are searched; null when there are none.
        Index: torch.Tensor | null
    }

/// What a file holds besides.
[<ReferenceEquality>]
type internal InferenceExtra =
    {
        Tensors: struct (string * torch.Tensor)[]
        Metadata: (string * string) list
    }

/// Inference models in files: sealed safetensors, with the tensors `trunk.*`, `embedder.*` and `index.embeddings`.
module internal InferenceFile =

    /// The kind of files that hold networks.
    let format = "MetricLearning.InferenceModel"
    let private indexFormat = "MetricLearning.Index"
    let private version = 1
    let private indexName = "index.embeddings"

    /// A distance in words: equal for distances of the same formula.
    let describe (distance: Distance) : string =
        let options =
            FormattableString.Invariant
                $"p={distance.P}, power={distance.Power}, normalized={distance.NormalizeEmbeddings}, inverted={distance.IsInverted}"

        if distance.Kind = DistanceKind.Other then
            $"{distance.GetType().FullName}({options})"
        else
            $"{distance.Kind}({options})"

    let private parts (model: EmbeddingModel) : struct (string * torch.nn.Module)[] =
        [|
            struct ("trunk.", model.Trunk)

            match model.Embedder with
            | null -> ()
            | embedder -> struct ("embedder.", embedder)
        |]

    let private tensorsOf (model: EmbeddingModel) : struct (string * torch.Tensor)[] =
        [|
            for struct (prefix, network) in parts model do
                for KeyValue(name, tensor) in network.state_dict () -> struct (prefix + name, tensor)
        |]

    /// Writes a file of a kind.
    let writeSealed (path: string) (kind: string) (content: InferenceExtra) : unit =
        let library = typeof<EmbeddingModel>.Assembly.GetName().Version

        let metadata =
            [
                for key, value in
                    [ "format", kind; "version", string version; "library", $"{library}" ]
                    @ content.Metadata -> KeyValuePair(key, value)
            ]

        DurableFile.Write(path, fun stream -> Safetensors.WriteSealed(stream, content.Tensors, metadata))

    let private save (path: string) (kind: string) (content: InferenceContent) tensors metadata =
        writeSealed
            path
            kind
            {
                Metadata =
                    [
                        "normalize_embeddings", (if content.NormalizeEmbeddings then "true" else "false")
                        "distance", content.Distance
                        if content.Threshold.HasValue then
                            "threshold", content.Threshold.Value.ToString("R", CultureInfo.InvariantCulture)
                        yield! metadata
                    ]
                Tensors =
                    [|
                        yield! tensors

                        match content.Index with
                        | null -> ()
                        | embeddings -> struct (indexName, embeddings)
                    |]
            }

    /// Writes networks, settings, the index if there is one, and what else is to be in the file.
    let write
        (path: string)
        (model: EmbeddingModel)
        (content: InferenceContent)
        (extra: InferenceExtra voption)
        : unit =
        match extra with
        | ValueNone -> save path format content (tensorsOf model) []
        | ValueSome extra -> save path format content (Array.append (tensorsOf model) extra.Tensors) extra.Metadata

    /// Writes the index alone.
    let writeIndex (path: string) (content: InferenceContent) : unit = save path indexFormat content [||] []

    let private refuse (path: string) (reason: string) : 'T =
        raise (InvalidDataException $"\"{path}\" {reason}")

    /// A sealed file of one of these formats that this version can read.
    let openAs (path: string) (kinds: string list) (wanted: string) : SafetensorsFile =
        let file = SafetensorsFile.Open path

        try
            file.CheckSeal()

            match file.Metadata.TryGetValue "format" with
            | true, kind when List.contains kind kinds -> ()
            | true, kind -> refuse path $"is a {kind}, not {wanted}."
            | _ -> refuse path $"is not {wanted}."

            match file.Metadata.TryGetValue "version" with
            | true, number when number = string version -> ()
            | true, number ->
                refuse
                    path
                    $"is of version {number} of its format; this library reads version {version}. Update the library, or save it with this one."
            | _ -> refuse path "does not say which version of its format it is."

            file
        with _ ->
            (file :> IDisposable).Dispose()
            reraise ()

    /// Embeddings of a file, refused unless they are finite floating-point numbers.
    let embeddingsOf (path: string) (index: torch.Tensor) : torch.Tensor =
        if not (index.is_floating_point ()) then
            refuse path $"has an index of {index.dtype}, but embeddings are floating-point numbers."

        match EmbeddingChecks.firstBroken [ index ] with
        | ValueNone -> index
        | ValueSome(struct (_, row)) -> refuse path $"has an index with a number that is NaN or infinite, in row {row}."

    let private contentOf (path: string) (file: SafetensorsFile) : InferenceContent =
        let word key =
            match file.Metadata.TryGetValue key with
            | true, value -> value
            | _ -> refuse path $"has no {key}."

        {
            NormalizeEmbeddings = (word "normalize_embeddings" = "true")
            Distance = word "distance"
            Threshold =
                match file.Metadata.TryGetValue "threshold" with
                | true, value ->
                    match Double.TryParse(value, CultureInfo.InvariantCulture) with
                    | true, number when not (Double.IsNaN number) -> Nullable number
                    | _ -> refuse path $"has the threshold {value}, which is no number."
                | _ -> Nullable()
            Index =
                if not (file.Contains indexName) then
                    null
                elif (file.Entry indexName).Shape.Length = 2 then
                    embeddingsOf path (file.Tensor indexName)
                else
                    refuse path "has an index that is no matrix."
        }

    // Everything that keeps the file's tensors from being read into the networks.
    let private differences (file: SafetensorsFile) (wanted: struct (string * torch.Tensor)[]) : string list =
        let names = HashSet [ for struct (name, _) in wanted -> name ]

        let show (dtype: torch.ScalarType) (shape: int64[]) = $"{dtype} of shape {Shape.show shape}"

        [
            for struct (name, tensor) in wanted do
                if not (file.Contains name) then
                    $"{name} is not in the file"
                else
                    let entry = file.Entry name

                    if entry.Dtype <> tensor.dtype || entry.Shape <> tensor.shape then
                        $"{name} is {show entry.Dtype entry.Shape} in the file, and {show tensor.dtype tensor.shape} here"

            for entry in file.Entries do
                let isOfNetwork =
                    entry.Name.StartsWith "trunk." || entry.Name.StartsWith "embedder."

                if isOfNetwork && not (names.Contains entry.Name) then
                    $"{entry.Name} is not here"
        ]

    /// The content of a file in new tensors, each with the network's tensor that it belongs to. Changes nothing.
    /// InvalidDataException for a file that was damaged, is something else or of another version; ArgumentException, naming what
    /// differs, when it is of other networks.
    let read
        (path: string)
        (model: EmbeddingModel)
        : struct (InferenceContent * struct (torch.Tensor * torch.Tensor)[]) =
        use file = openAs path [ format ] "an inference model that this library saved"
        let targets = tensorsOf model

        match differences file targets with
        | [] -> ()
        | found ->
            let shown = String.Join("; ", List.truncate 10 found)

            let more =
                if found.Length > 10 then
                    $"; and {found.Length - 10} more"
                else
                    ""

            raise (
                ArgumentException
                    $"\"{path}\" is of other networks: {shown}{more}. Make the networks as they were when it was saved, and convert them (to another dtype, say) afterwards."
            )

        struct (contentOf path file, [| for struct (name, target) in targets -> struct (target, file.Tensor name) |])

    /// The index of a file, which may hold networks as well.
    /// InvalidDataException for a file that was damaged, is something else or of another version, or has no index.
    let readIndex (path: string) : InferenceContent =
        use file =
            openAs path [ indexFormat; format ] "an index or inference model that this library saved"

        match contentOf path file with
        | content when isNull content.Index -> refuse path "has no index: it was saved before TrainKnn."
        | content -> content
