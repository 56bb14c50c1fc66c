/// Nearest neighbours of extreme numbers and types, and refusals.
module MetricLearning.Core.Tests.Evaluation.NeighbourEdgeTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods

let private refused (words: string list) (act: unit -> unit) =
    let error =
        Expect.throwsC act (fun error ->
            Expect.isTrue (error :? ArgumentException) $"{error}"
            error)

    for word in words do
        Expect.stringContains error.Message word "the message"

let tests =
    testList
        "neighbours of extremes"
        [
            test "a row is at distance 0 of its equals, however long the rows are" {
                use _ = torch.NewDisposeScope()
                let query = random 5 200 64 * 1000.0
                let found = CustomKNN.SquaredEuclidean.Search(query, 1L, query, false)
                Expect.equal (found.Distances.abs().max().item<float32>()) 0.0f "distance to itself"
                Expect.equal (indicesOf found |> Array.concat) [| 0L .. 199L |] "itself"
            }

            test "far from 0 distances are as precise as near it" {
                use _ = torch.NewDisposeScope()
                let rows = moved 1000.0 (random 6 300 64)
                let found = CustomKNN.SquaredEuclidean.Search(rows, 299L, rows, true)
                let double = rows.to_type torch.float64

                let expected = squared.Matrix(double, double).gather(1L, found.Indices)
                Expect.isTrue (found.Distances.to_type(torch.float64).allclose(expected, 1e-4)) "of all others"
            }

            test "equal rows are neighbours of each other, and none of itself" {
                use _ = torch.NewDisposeScope()
                let query = torch.ones (5L, 3L)

                for bytes in memories do
                    let found = (search squared bytes).Search(query, 4L, query, true)

                    Expect.equal
                        (indicesOf found)
                        [|
                            for row in 0L .. 4L ->
                                [|
                                    for other in 0L .. 4L do
                                        if other <> row then
                                            other
                                |]
                        |]
                        $"{bytes} bytes"
            }

            test "half precision is compared in single" {
                use _ = torch.NewDisposeScope()
                let query = whole 3 20 4
                let half = query.to_type torch.float16
                let found = CustomKNN.SquaredEuclidean.Search(half, 5L, half, true)
                Expect.equal found.Distances.dtype torch.float32 "type"
                Expect.equal (indicesOf found) (byHand squared query 5 query true) "neighbours"
            }

            test "queries of another type than the references are compared in double" {
                use _ = torch.NewDisposeScope()
                let query = whole 3 4 4

                let found =
                    CustomKNN.SquaredEuclidean.Search(query, 2L, query.to_type torch.float64, true)

                Expect.equal found.Distances.dtype torch.float64 "type"
            }

            test "no queries have no neighbours" {
                use _ = torch.NewDisposeScope()

                let found =
                    CustomKNN.SquaredEuclidean.Search(torch.empty (0L, 3L), 2L, torch.ones (4L, 3L), false)

                Expect.equal found.Indices.shape [| 0L; 2L |] "shape"
            }

            test "what is asked for in vain is refused in words" {
                use _ = torch.NewDisposeScope()
                let rows = torch.ones (4L, 3L)

                let ask query k reference isSelf () =
                    CustomKNN.SquaredEuclidean.Search(query, k, reference, isSelf) |> ignore

                refused [ "k is 5"; "4 rows" ] (ask rows 5L rows false)
                refused [ "k is 4"; "3 rows" ] (ask rows 4L rows true)
                refused [ "k must be at least 1" ] (ask rows 0L rows false)
                refused [ "3"; "2" ] (ask rows 1L (torch.ones (4L, 2L)) false)
                refused [ "matrix" ] (ask (torch.ones 3L) 1L rows false)
                refused [ "floating-point" ] (ask (rows.to_type torch.int64) 1L rows false)
                refused [ "2 rows"; "4 of the query" ] (ask rows 1L (torch.ones (2L, 3L)) true)
                refused [ "maxBytes" ] (fun () -> search squared 0L |> ignore)
                refused [ "batchSize" ] (fun () -> CustomKNN(squared, 0, 1L) |> ignore)
            }

            testSequenced
            <| test "only the result stays, and nothing after a mistake" {
                let query = random 1 40 4
                let before = liveTensors ()

                for bytes in memories do
                    for distance in [ squared; cosine; own ] do
                        let found = (search distance bytes).Search(query, 3L, query, true)
                        Expect.equal (liveTensors ()) (before + 2L) "distances and indices"
                        found.Dispose()

                Expect.throwsT<InvalidOperationException>
                    (fun () ->
                        CustomKNN.SquaredEuclidean.SearchInBlocks(query, 3L, query, true, fun _ _ -> invalidOp "stop"))
                    "a mistake of the caller's"

                Expect.equal (liveTensors ()) before "as before"
                query.Dispose()
            }
        ]
