/// Files of inference models.
module MetricLearning.Core.Tests.Support.InferenceFiles

open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

let inFolder (act: string -> unit) =
    let folder = Directory.CreateTempSubdirectory "inference"

    try
        use _ = torch.NewDisposeScope()
        act (Path.Combine(folder.FullName, "model.safetensors"))
    finally
        folder.Delete true

/// Networks of the same shape with other weights.
let others () =
    let trunk, embedder = trunk (), embedder ()
    use _ = torch.no_grad ()

    for parameter in Seq.append (trunk.parameters ()) (embedder.parameters ()) do
        parameter.add_ (1.0.ToScalar()) |> ignore

    trunk, embedder

/// Embeddings and neighbours, bit for bit.
let answersOf (model: InferenceModel) =
    let data = data 20L
    let found = model.GetNearestNeighbors(data, 4, 8)

    [
        bitsOf (model.GetEmbeddings(data, 8))
        bitsOf found.Distances
        bitsOf found.Indices
    ]

/// Saves a model with an index and a threshold; its answers.
let saved (path: string) =
    use trunk = trunk ()
    use embedder = embedder ()

    use model =
        new InferenceModel(trunk, embedder, MatchFinder(threshold = 0.1234567890123456789), normalizeEmbeddings = false)

    model.TrainKnn(data 20L, 8)
    model.Save path
    answersOf model

/// Loading is refused with these words, and changes nothing.
let refuses<'E when 'E :> exn>
    (text: string)
    (matchFinder: MatchFinder | null)
    (trunk: torch.nn.Module)
    (embedder: torch.nn.Module | null)
    (path: string)
    =
    use model = new InferenceModel(trunk, embedder, matchFinder)
    use rows = data 3L
    use alike = rows.``to`` (Seq.head (trunk.parameters ())).dtype
    model.TrainKnn(alike, 8)

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
