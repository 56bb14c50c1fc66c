/// Inference models in files.
module MetricLearning.Core.Tests.Inference.FileTests

open MetricLearning.Core.Tests.Support
open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Distances
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

let private settings = InferenceSettings.Default

let private inFolder (act: string -> unit) =
    let folder = Directory.CreateTempSubdirectory "inference"

    try
        use _ = torch.NewDisposeScope()
        act (Path.Combine(folder.FullName, "model.safetensors"))
    finally
        folder.Delete true

let private modelOf (settings: InferenceSettings) (trunk: torch.nn.Module) (embedder: torch.nn.Module | null) =
    new InferenceModel(EmbeddingModel(trunk, embedder), settings)

/// Networks of the same shape with other weights.
let private others () =
    let trunk, embedder = trunk (), embedder ()
    use _ = torch.no_grad ()

    for parameter in Seq.append (trunk.parameters ()) (embedder.parameters ()) do
        parameter.add_ (1.0.ToScalar()) |> ignore

    trunk, embedder

/// A file of a model with an index and a threshold.
let private saved path =
    use trunk = trunk ()
    use embedder = embedder ()

    use model =
        modelOf
            { settings with
                NormalizeEmbeddings = false
                MatchFinder = settings.MatchFinder.WithThreshold 0.1234567890123456789
            }
            trunk
            embedder

    let data = data 20L
    model.TrainKnn(Dataset.unlabelled data, 8)
    model.Save path
    let found = model.GetNearestNeighbors(Dataset.unlabelled data, 4, 8)

    [
        bitsOf (model.GetEmbeddings(Dataset.unlabelled data, 8))
        bitsOf found.Distances
        bitsOf found.Indices
    ]

let private answersOf (model: InferenceModel) =
    let data = data 20L
    let found = model.GetNearestNeighbors(Dataset.unlabelled data, 4, 8)

    [
        bitsOf (model.GetEmbeddings(Dataset.unlabelled data, 8))
        bitsOf found.Distances
        bitsOf found.Indices
    ]

/// Loading is refused with this word, and changes nothing.
let private refuses<'E when 'E :> exn>
    (text: string)
    settings
    (trunk: torch.nn.Module)
    (embedder: torch.nn.Module | null)
    path
    =
    use model = modelOf settings trunk embedder
    use rows = data 3L
    use alike = rows.``to`` (Seq.head (trunk.parameters ())).dtype
    model.TrainKnn(Dataset.unlabelled alike, 8)

    let all () =
        partsOf
            [
                trunk
                match embedder with
                | null -> ()
                | embedder -> embedder
            ],
        model.IndexCount,
        model.MatchFinder.Threshold,
        model.NormalizeEmbeddings

    let before = all ()
    throws<'E> text (fun () -> model.Load path)
    Expect.equal (all ()) before "nothing was changed"

let private roundTrips =
    [
        test "networks of the same shape answer as those that were saved" {
            inFolder (fun path ->
                let answers = saved path
                let trunk, embedder = others ()
                use model = modelOf settings trunk embedder
                model.Load path
                Expect.equal (answersOf model) answers "embeddings and neighbours, bit for bit"
                Expect.equal model.MatchFinder.Threshold (Nullable 0.1234567890123456789) "threshold"
                Expect.isFalse model.NormalizeEmbeddings "normalisation"
                Expect.isTrue trunk.training "modes are not those of evaluation"
                trunk.Dispose()
                embedder.Dispose())
        }

        test "a model without an index, a threshold or an embedder" {
            inFolder (fun path ->
                use trunk = trunk ()

                let settings =
                    { settings with
                        MatchFinder = MatchFinder(Lp.distance Lp.defaults, Nullable())
                    }

                use model = modelOf settings trunk null
                model.Save path
                model.TrainKnn(Dataset.unlabelled (data 5L), 8)
                model.Load path
                Expect.equal model.IndexCount 0L "as it was saved"
                Expect.isFalse model.MatchFinder.Threshold.HasValue "no threshold")
        }

        test "the index alone, from its own file or that of a model" {
            inFolder (fun path ->
                use trunk = trunk ()
                use model = modelOf settings trunk null
                model.TrainKnn(Dataset.unlabelled (data 9L), 8)
                let answers = answersOf model
                use other = modelOf settings trunk null

                for save in [ model.SaveKnnFunc; model.Save ] do
                    save path
                    other.TrainKnn(Dataset.unlabelled (data 2L), 8)
                    other.LoadKnnFunc path
                    Expect.equal (answersOf other) answers "neighbours"
                    other.AddToKnn(Dataset.unlabelled (data 2L), 8)
                    Expect.equal other.IndexCount 11L "it can grow")
        }

        test "any reader of safetensors finds the tensors by their names" {
            inFolder (fun path ->
                saved path |> ignore
                use file = SafetensorsFile.Open path
                use trunk = trunk ()
                use embedder = embedder ()

                let names =
                    [
                        for name in trunk.state_dict().Keys do
                            "trunk." + name

                        for name in embedder.state_dict().Keys do
                            "embedder." + name

                        "index.embeddings"
                        "sha256"
                    ]

                Expect.containsAll [ for entry in file.Entries -> entry.Name ] names "names"
                Expect.hasLength file.Entries names.Length "and nothing else"
                Expect.equal file.Metadata["format"] "MetricLearning.InferenceModel" "the format")
        }
    ]

let private mistakes =
    [
        test "other networks: everything that differs is named, and nothing is changed" {
            inFolder (fun path ->
                saved path |> ignore
                use trunk = trunk ()
                use embedder = embedder ()

                let linear (inputs: int64) (outputs: int64) =
                    torch.nn.Sequential(
                        struct ("linear", torch.nn.Linear(inputs, outputs) :> torch.nn.Module<Tensor, Tensor>)
                    )

                use wide = linear 5L 4L
                use plain = linear features 5L

                let refuses text (trunk: torch.nn.Module) (embedder: torch.nn.Module | null) =
                    refuses<ArgumentException> text settings trunk embedder path

                refuses "embedder.linear.weight is Float32 of shape [3 × 5] in the file, and" trunk wide
                refuses "embedder.linear.bias is Float32 of shape [3]" trunk wide
                refuses "embedder.linear.weight is not here" trunk null
                refuses "trunk.norm.running_mean is not here" plain embedder
                use double = EmbeddingNetworks.trunk ()
                double.double () |> ignore
                refuses "Float32 of shape [5 × 6] in the file, and Float64" double null)
        }

        test "a threshold for another distance" {
            inFolder (fun path ->
                saved path |> ignore
                use trunk = trunk ()
                use embedder = embedder ()

                refuses<ArgumentException>
                    "Cosine(p=2, power=1, normalized=True, inverted=True), but matches are found by Lp"
                    { settings with
                        MatchFinder = MatchFinder(Lp.distance Lp.defaults, Nullable 0.1)
                    }
                    trunk
                    embedder
                    path)
        }

        test "files that are none, are something else, or are newer" {
            inFolder (fun path ->
                use trunk = trunk ()
                use embedder = embedder ()

                let refuses text =
                    refuses<InvalidDataException> text settings trunk embedder path

                let write (strings: (string * string) list) =
                    let metadata = [ for key, value in strings -> KeyValuePair(key, value) ]
                    let weights = [| struct ("weights", torch.ones 3L) |]
                    DurableFile.Write(path, fun stream -> Safetensors.WriteSealed(stream, weights, metadata))

                write []
                refuses "not an inference model that this library saved"
                write [ "format", "MetricLearning.Checkpoint" ]
                refuses "is a MetricLearning.Checkpoint, not an inference model"
                write [ "format", "MetricLearning.InferenceModel"; "version", "2" ]
                refuses "is of version 2 of its format; this library reads version 1"
                Safetensors.Save(path, [| struct ("weights", torch.ones 3L) |], [])
                refuses "checksum"
                File.WriteAllText(path, "no model")
                refuses "no readable safetensors file"
                File.Delete path
                use model = modelOf settings trunk embedder
                Expect.throwsT<FileNotFoundException> (fun () -> model.Load path) "no file")
        }

        test "any byte that was changed, and any length that was cut" {
            inFolder (fun path ->
                saved path |> ignore
                let bytes = File.ReadAllBytes path
                let random = Random 5
                use trunk = trunk ()
                use embedder = embedder ()
                use model = modelOf settings trunk embedder
                let before = partsOf [ trunk; embedder ]

                let refused (changed: byte[]) what =
                    File.WriteAllBytes(path, changed)
                    Expect.throwsT<InvalidDataException> (fun () -> model.Load path) what
                    Expect.throwsT<InvalidDataException> (fun () -> model.LoadKnnFunc path) what

                for _ in 1..150 do
                    let changed = Array.copy bytes
                    let place = random.Next bytes.Length
                    changed[place] <- changed[place] ^^^ byte (1 <<< random.Next 8)
                    refused changed $"byte {place}"

                for _ in 1..50 do
                    let length = random.Next bytes.Length
                    refused bytes[.. length - 1] $"{length} bytes"

                Expect.equal (partsOf [ trunk; embedder ]) before "nothing was changed"
                Expect.equal model.IndexCount 0L "nor an index taken")
        }

        test "an index that was made otherwise" {
            inFolder (fun path ->
                saved path |> ignore
                use trunk = trunk ()
                use model = modelOf settings trunk null
                throws<ArgumentException> "normalizeEmbeddings = False" (fun () -> model.LoadKnnFunc path)
                model.Save path
                throws<InvalidDataException> "has no index" (fun () -> model.LoadKnnFunc path))
        }
    ]

let tests = testList "files" (roundTrips @ mistakes)
