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
        /// The model's card, in words of its owner.
        Card: IReadOnlyDictionary<string, string>
        /// The embeddings that are searched; null when there are none.
        Index: torch.Tensor | null
    }

/// Inference models in files: sealed safetensors, with the tensors `trunk.*`, `embedder.*` and `index.embeddings`.
module internal InferenceFile =

    /// The kind of files that hold networks.
    let format = "MetricLearning.InferenceModel"
    let private indexFormat = "MetricLearning.Index"
    let private indexName = "index.embeddings"
    let private cardPrefix = "card."

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

    let private save (path: string) (kind: string) (content: InferenceContent) tensors metadata =
        SealedFile.write
            path
            kind
            {
                Metadata =
                    [
                        "normalize_embeddings", (if content.NormalizeEmbeddings then "true" else "false")
                        "distance", content.Distance
                        if content.Threshold.HasValue then
                            "threshold", content.Threshold.Value.ToString("R", CultureInfo.InvariantCulture)
                        for KeyValue(key, value) in content.Card do
                            cardPrefix + key, value
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

    let private cardOf (file: SafetensorsFile) : IReadOnlyDictionary<string, string> =
        readOnlyDict
            [
                for KeyValue(key, value) in file.Metadata do
                    if key.StartsWith(cardPrefix, StringComparison.Ordinal) then
                        key.Substring cardPrefix.Length, value
            ]

    let private contentOf (path: string) (file: SafetensorsFile) : InferenceContent =
        let word key =
            match file.Metadata.TryGetValue key with
            | true, value -> value
            | _ -> SealedFile.refuse path $"has no {key}."

        {
            NormalizeEmbeddings = (word "normalize_embeddings" = "true")
            Distance = word "distance"
            Threshold =
                match file.Metadata.TryGetValue "threshold" with
                | true, value ->
                    match Double.TryParse(value, CultureInfo.InvariantCulture) with
                    | true, number when not (Double.IsNaN number) -> Nullable number
                    | _ -> SealedFile.refuse path $"has the threshold {value}, which is no number."
                | _ -> Nullable()
            Card = cardOf file
            Index =
                if not (file.Contains indexName) then
                    null
                elif (file.Entry indexName).Shape.Length = 2 then
                    SealedFile.embeddingsOf path (file.Tensor indexName)
                else
                    SealedFile.refuse path "has an index that is no matrix."
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

    let private openModel (path: string) : SafetensorsFile =
        SealedFile.openAs path [ format ] "an inference model that this library saved"

    /// The card of the model of a file.
    /// InvalidDataException for a file that was damaged, is something else or of another version.
    let readCard (path: string) : IReadOnlyDictionary<string, string> =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)
        use file = openModel path
        cardOf file

    /// The content of a file in new tensors, each with the network's tensor that it belongs to. Changes nothing.
    /// InvalidDataException for a file that was damaged, is something else or of another version; ArgumentException, naming what
    /// differs, when it is of other networks.
    let read
        (path: string)
        (model: EmbeddingModel)
        : struct (InferenceContent * struct (torch.Tensor * torch.Tensor)[]) =
        use file = openModel path
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
            SealedFile.openAs path [ indexFormat; format ] "an index or inference model that this library saved"

        match contentOf path file with
        | content when isNull content.Index -> SealedFile.refuse path "has no index: it was saved before TrainKnn."
        | content -> content
