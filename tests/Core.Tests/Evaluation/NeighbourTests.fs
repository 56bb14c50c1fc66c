/// Exact nearest neighbours.
module MetricLearning.Core.Tests.Evaluation.NeighbourTests

open MetricLearning.Core.Tests.Support
open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods

let private few =
    { FsCheckConfig.defaultConfig with
        maxTest = 30
    }

let private refused (words: string list) (act: unit -> unit) =
    let error =
        Expect.throwsC act (fun error ->
            Expect.isTrue (error :? ArgumentException) $"{error}"
            error)

    for word in words do
        Expect.stringContains error.Message word "the message"

let tests =
    testList
        "neighbours"
        [
            for name, distance, away in
                [
                    "squared Euclidean", squared, 0.0
                    "squared Euclidean, far from 0", squared, 100000.0
                    "Manhattan", manhattan, 0.0
                    "dot product", dot, 0.0
                    "of one's own", own, 0.0
                ] do
                testPropertyWithConfig few $"{name}: ties in the order of rows, whatever the tiles"
                <| fun (number: int) (PositiveInt rows) (PositiveInt k) (isSelf: bool) ->
                    use _ = torch.NewDisposeScope()
                    let query = whole number (rows + 1) 3 + away

                    let reference =
                        if isSelf then
                            query
                        else
                            whole (number + 1) (2 * rows + 3) 3 + away

                    let k = 1 + k % (int (reference.size 0) - 1)
                    let expected = byHand distance query k reference isSelf

                    for bytes in memories do
                        let found = (search distance bytes).Search(query, int64 k, reference, isSelf)
                        Expect.equal (indicesOf found) expected $"{bytes} bytes"

            testPropertyWithConfig { few with maxTest = 12 } "few queries of a large index are answered like many"
            <| fun (number: int) (PositiveInt queries) (PositiveInt k) ->
                use _ = torch.NewDisposeScope()
                let reference = whole number 1500 3
                let query = whole (number + 1) (1 + queries % 40) 3
                let k = 1 + k % 20
                let expected = byHand squared query k reference false

                for away in [ 0.0; 100000.0 ] do
                    for bytes in memories do
                        let found =
                            (search squared bytes).Search(query + away, int64 k, reference + away, false)

                        Expect.equal (indicesOf found) expected $"{bytes} bytes, {away} from 0"

            testPropertyWithConfig
                { few with maxTest = 8 }
                "the same among many references, some infinitely far and some no numbers"
            <| fun (number: int) (PositiveInt k) (isSelf: bool) ->
                use _ = torch.NewDisposeScope()
                let reference = whole number 400 2
                let query = if isSelf then reference else whole (number + 1) 7 2
                let k = 1 + k % 20

                for distance in [ squared; manhattan; own ] do
                    let expected = byHand distance query k reference isSelf

                    for bytes in [ 20000L; ExactKnn.DefaultMaxBytes ] do
                        let found = (search distance bytes).Search(query, int64 k, reference, isSelf)
                        Expect.equal (indicesOf found) expected $"{bytes} bytes"

                use generator = new torch.Generator(uint64 (abs (int64 number)), torch.CPU)

                let values =
                    torch.randint (0L, 30L, [| 6L; 300L |], dtype = torch.float32, generator = generator)

                let broken = values.masked_fill (values.gt (20.0.ToScalar()), nan.ToScalar())
                let broken = broken.masked_fill (values.eq (3.0.ToScalar()), infinity.ToScalar())
                let struct (_, columns) = broken.sort (1L, stable = true)

                for tensor, expected in [ broken, columns ] do
                    let found = Ranking.smallest (int64 k) 1000L tensor
                    Expect.isTrue (found.Columns.Equals(expected.narrow (1L, 0L, int64 k))) "numbers, infinities, NaN"

            testPropertyWithConfig few "block by block is all at once"
            <| fun (number: int) (PositiveInt rows) (PositiveInt size) (isSelf: bool) ->
                use _ = torch.NewDisposeScope()
                let query = random number (rows + 2) 4
                let reference = if isSelf then query else random (number + 1) (rows + 5) 4
                let knn = ExactKnn(cosine, 1000L, Nullable size)
                let whole = knn.Search(query, 2L, reference, isSelf)
                let next = ref 0L

                knn.SearchInBlocks(
                    query,
                    2L,
                    reference,
                    isSelf,
                    fun first block ->
                        Expect.equal first next.Value "where the block begins"
                        let count = block.Indices.size 0
                        Expect.isLessThanOrEqual count (int64 size) "its size"
                        next.Value <- first + count
                        let part (tensor: Tensor) = tensor.narrow (0L, first, count)
                        Expect.isTrue (block.Indices.Equals(part whole.Indices)) "indices"
                        Expect.isTrue (block.Distances.Equals(part whole.Distances)) "distances"
                )

                Expect.equal next.Value (query.size 0) "every query"

            testPropertyWithConfig few "distances are those of the matrix"
            <| fun (number: int) (PositiveInt rows) ->
                use _ = torch.NewDisposeScope()
                let query, reference = random number rows 5, random (number + 1) (rows + 3) 5

                for distance in [ squared; manhattan; dot; cosine; own ] do
                    let found = (ExactKnn distance).Search(query, 3L, reference, false)
                    let expected = distance.Matrix(query, reference).gather(1L, found.Indices)
                    Expect.isTrue (found.Distances.allclose (expected, 1e-4, 1e-4)) "within rounding"

            test "a row is at distance 0 of its equals, however long the rows are" {
                use _ = torch.NewDisposeScope()
                let query = random 5 200 64 * 1000.0
                let found = ExactKnn.SquaredEuclidean.Search(query, 1L, query, false)
                Expect.equal (found.Distances.abs().max().item<float32>()) 0.0f "distance to itself"
                Expect.equal (indicesOf found |> Array.concat) [| 0L .. 199L |] "itself"
            }

            test "far from 0 distances are as precise as near it" {
                use _ = torch.NewDisposeScope()
                let rows = random 6 300 64 + 1000.0
                let found = ExactKnn.SquaredEuclidean.Search(rows, 299L, rows, true)
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

            test "NaN is farther than anything, and still no row is its own neighbour" {
                use _ = torch.NewDisposeScope()
                let query = torch.tensor (array2D [ [ 0.0 ]; [ nan ]; [ 1.0 ]; [ nan ] ])

                for distance in [ squared; dot; manhattan ] do
                    for bytes in memories do
                        let found = indicesOf ((search distance bytes).Search(query, 3L, query, true))
                        Expect.equal (Array.sort found[1]) [| 0L; 2L; 3L |] "all others of a NaN"
                        Expect.equal found[0] [| 2L; 1L; 3L |] "the number first"
            }

            test "half precision is compared in single" {
                use _ = torch.NewDisposeScope()
                let query = whole 3 20 4
                let half = query.to_type torch.float16
                let found = ExactKnn.SquaredEuclidean.Search(half, 5L, half, true)
                Expect.equal found.Distances.dtype torch.float32 "type"
                Expect.equal (indicesOf found) (byHand squared query 5 query true) "neighbours"
            }

            test "queries of another type than the references are compared in double" {
                use _ = torch.NewDisposeScope()
                let query = whole 3 4 4

                let found =
                    ExactKnn.SquaredEuclidean.Search(query, 2L, query.to_type torch.float64, true)

                Expect.equal found.Distances.dtype torch.float64 "type"
            }

            test "no queries have no neighbours" {
                use _ = torch.NewDisposeScope()

                let found =
                    ExactKnn.SquaredEuclidean.Search(torch.empty (0L, 3L), 2L, torch.ones (4L, 3L), false)

                Expect.equal found.Indices.shape [| 0L; 2L |] "shape"
            }

            test "what is asked for in vain is refused in words" {
                use _ = torch.NewDisposeScope()
                let rows = torch.ones (4L, 3L)

                let ask query k reference isSelf () =
                    ExactKnn.SquaredEuclidean.Search(query, k, reference, isSelf) |> ignore

                refused [ "k is 5"; "4 rows" ] (ask rows 5L rows false)
                refused [ "k is 4"; "3 rows" ] (ask rows 4L rows true)
                refused [ "k must be at least 1" ] (ask rows 0L rows false)
                refused [ "3"; "2" ] (ask rows 1L (torch.ones (4L, 2L)) false)
                refused [ "matrices" ] (ask (torch.ones 3L) 1L rows false)
                refused [ "floating-point" ] (ask (rows.to_type torch.int64) 1L rows false)
                refused [ "2 rows"; "4 of the query" ] (ask rows 1L (torch.ones (2L, 3L)) true)
                refused [ "maxBytes" ] (fun () -> search squared 0L |> ignore)
                refused [ "batchSize" ] (fun () -> ExactKnn(squared, 1L, Nullable 0) |> ignore)
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
                        ExactKnn.SquaredEuclidean.SearchInBlocks(query, 3L, query, true, fun _ _ -> invalidOp "stop"))
                    "a mistake of the caller's"

                Expect.equal (liveTensors ()) before "as before"
                query.Dispose()
            }
        ]
