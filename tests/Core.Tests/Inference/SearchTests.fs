/// Nearest neighbours in the index of a model.
module MetricLearning.Core.Tests.Inference.SearchTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks
open MetricLearning.Core.Tests.Support.InferenceModels

let tests =
    testList
        "searching"
        [
            testPropertyWithConfig
                Checked.config
                "neighbours are the nearest embeddings, in whatever portions they were added"
            <| fun (PositiveInt k) (portions: NonNegativeInt list) ->
                using' (fun model data ->
                    let reference = data.narrow (0L, 0L, 30L)
                    model.TrainKnn(inputs 1L data)
                    let mutable filled = 1L

                    for NonNegativeInt portion in portions do
                        let count = min (int64 portion % 8L) (30L - filled)

                        if count > 0L then
                            model.AddToKnn(reference.narrow (0L, filled, count), 3)
                            filled <- filled + count

                    if filled < 30L then
                        model.AddToKnn(reference.narrow (0L, filled, 30L - filled))

                    Expect.equal model.IndexCount 30L "all"
                    let k = 1 + k % 30
                    let found = model.GetNearestNeighbors(data, k)
                    let query = byHand model data
                    let distances = torch.cdist (query, query.narrow (0L, 0L, 30L))

                    let struct (expected, _) =
                        (distances * distances).topk(k, 1, largest = false, sorted = true)

                    near expected found.Distances "squared distances"
                    let own = found.Indices.narrow(0L, 0L, 30L).select(1L, 0L)
                    Expect.equal (numbers own) [| 0L .. 29L |] "each is nearest to itself")

            test "training begins the index anew" {
                using' (fun model data ->
                    model.TrainKnn(inputs 9L data)
                    model.TrainKnn(inputs 5L data)
                    Expect.equal model.IndexCount 5L "the new")
            }

            test "by a function of the user's" {
                let asked = ResizeArray()

                let knn =
                    { new KnnFunc() with
                        override _.Search(query, k, reference, refIncludesQuery) =
                            asked.Add((query.size 0, k, reference.size 0, refIncludesQuery))
                            let nothing = torch.zeros (query.size 0, k)
                            new Neighbours(nothing, nothing.to_type torch.int64)
                    }

                usingMade
                    (fun (trunk, embedder) -> new InferenceModel(trunk, embedder, knnFunc = knn))
                    (fun model data ->
                        model.TrainKnn(inputs 9L data)
                        let found = model.GetNearestNeighbors(inputs 4L data, 2)
                        Expect.sequenceEqual found.Indices.shape [ 4L; 2L ] "its result"
                        Expect.sequenceEqual asked [ 4L, 2L, 9L, false ] "the index")
            }

            test "mistakes are named" {
                using' (fun model data ->
                    throws<InvalidOperationException> "no index" (fun () ->
                        model.GetNearestNeighbors(inputs 4L data, 2) |> ignore)

                    throws<InvalidOperationException> "no index" (fun () -> model.SaveKnnFunc "nowhere")
                    model.TrainKnn(inputs 9L data)

                    throws<ArgumentException> "k is 10, but there are 9" (fun () ->
                        model.GetNearestNeighbors(inputs 4L data, 10) |> ignore)

                    model.Dispose()

                    for act in
                        [
                            fun () -> model.TrainKnn(inputs 9L data)
                            fun () -> model.GetNearestNeighbors(inputs 9L data, 1) |> ignore
                            fun () -> model.GetEmbeddings(inputs 9L data) |> ignore
                            fun () -> model.Save "nowhere"
                        ] do
                        Expect.throwsT<ObjectDisposedException> act "disposed")
            }
        ]
