/// Exact nearest neighbours.
module MetricLearning.Core.Tests.Evaluation.NeighbourTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods

let private few = { Checked.config with maxTest = 30 }

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
                    let query = moved away (whole number (rows + 1) 3)

                    let reference =
                        if isSelf then
                            query
                        else
                            moved away (whole (number + 1) (2 * rows + 3) 3)

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
                            (search squared bytes).Search(moved away query, int64 k, moved away reference, false)

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

                    for bytes in [ 20000L; CustomKNN.DefaultMaxBytes ] do
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
                let knn = CustomKNN(cosine, size, 1000L)
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
                    let found = (CustomKNN distance).Search(query, 3L, reference, false)
                    let expected = distance.Matrix(query, reference).gather(1L, found.Indices)
                    Expect.isTrue (found.Distances.allclose (expected, 1e-4, 1e-4)) "within rounding"
        ]
