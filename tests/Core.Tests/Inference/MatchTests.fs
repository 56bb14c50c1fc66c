/// Matches by distances and thresholds.
module MetricLearning.Core.Tests.Inference.MatchTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

/// The largest difference of two coordinates, by nothing that the library knows.
type private Chebyshev() =
    inherit Distance("Chebyshev", false)

    override _.ComputeMatrix(query, reference) =
        (query.unsqueeze 1L - reference.unsqueeze 0L).abs().amax([| 2L |])

    override _.PairwiseDistance(query, reference) =
        (query - reference).abs().amax([| 1L |])

let private distances: (string * (unit -> Distance)) list =
    [
        "cosine", (fun () -> CosineSimilarity())
        "Euclidean", (fun () -> LpDistance())
        "squared, of raw embeddings", (fun () -> LpDistance(normalizeEmbeddings = false, power = 2.0))
        "dot product", (fun () -> DotProductSimilarity())
        "signal to noise", (fun () -> SNRDistance())
        "one of the user's", (fun () -> Chebyshev())
    ]

let private valuesOf<'T when 'T: unmanaged and 'T: (new: unit -> 'T) and 'T: struct and 'T :> System.ValueType>
    (tensor: Tensor)
    : 'T[] =
    if tensor.numel () = 0L then
        [||]
    else
        tensor.contiguous().data<'T>().ToArray()

let private bools (tensor: Tensor) = valuesOf<bool> tensor

let private random (seed: int) (rows: int64) =
    use generator = new torch.Generator(uint64 seed, torch.CPU)
    torch.randn ([| rows; 4L |], generator = generator)

let private byDistance =
    [
        for name, make in distances do
            testPropertyWithConfig Checked.config $"by {name}: no farther than the threshold, or no less similar"
            <| fun (PositiveInt seed) (PositiveInt queries) (PositiveInt references) (NormalFloat threshold) ->
                use _ = torch.NewDisposeScope()
                let distance = make ()

                let query, reference =
                    random seed (int64 queries % 9L), random -seed (int64 references % 9L)

                let finder = MatchFinder(distance, threshold)

                let matrix =
                    if query.size 0 = 0L || reference.size 0 = 0L then
                        torch.zeros (query.size 0, reference.size 0)
                    else
                        distance.Matrix(query, reference)

                let expected =
                    [|
                        for value in valuesOf<float32> matrix ->
                            if distance.IsInverted then
                                value >= float32 threshold
                            else
                                value <= float32 threshold
                    |]

                let found = finder.GetMatchingPairs(query, reference)
                Expect.equal (bools found) expected "pairs"
                Expect.equal found.shape [| query.size 0; reference.size 0 |] "queries and references"

                let tuples =
                    [|
                        for place in 0 .. expected.Length - 1 do
                            if expected[place] then
                                let columns = int (reference.size 0)
                                struct (int64 (place / columns), int64 (place % columns))
                    |]

                Expect.sequenceEqual (finder.GetMatchingTuples(query, reference)) tuples "tuples"

            testPropertyWithConfig Checked.config $"by {name}: row by row as in the matrix"
            <| fun (PositiveInt seed) (PositiveInt rows) ->
                use _ = torch.NewDisposeScope()
                let distance = make ()
                let x, y = random seed (1L + int64 rows % 9L), random -seed (1L + int64 rows % 9L)
                // Between two distances, where rounding does not matter.
                let struct (values, _) = distance.Matrix(x, y).diagonal().sort 0L
                let place = values.size 0 / 2L

                let middle =
                    values.narrow(0L, max 0L (place - 1L), min 2L (values.size 0)).mean().ToDouble()

                let threshold = if values.size 0 = 1L then middle + 0.5 else middle
                let finder = MatchFinder distance
                let pairs = finder.GetMatchingPairs(x, y, threshold)
                Expect.equal (finder.IsMatch(x, y, threshold)) (bools (pairs.diagonal ())) "the same"
    ]

let private rest =
    [
        test "without a reference, rows match rows of the query, and themselves" {
            use _ = torch.NewDisposeScope()
            let rows = torch.tensor (array2D [ [ 1.0; 0.0 ]; [ 1.0; 0.1 ]; [ 0.0; 1.0 ] ])
            let finder = MatchFinder(threshold = 0.9)
            let expected = [| true; true; false; true; true; false; false; false; true |]
            Expect.equal (bools (finder.GetMatchingPairs(rows))) expected "pairs"
            let tuples = finder.GetMatchingTuples(rows, threshold = 0.9)
            Expect.equal tuples.Count 5 "tuples"
        }

        test "more rows than are compared at once" {
            use _ = torch.NewDisposeScope()
            let query, reference = random 1 3001L, random 2 3000L
            let finder = MatchFinder(CosineSimilarity(), 0.99)
            let found = finder.GetMatchingPairs(query, reference)
            let expected = (finder.Distance.Matrix(query, reference)).ge(0.99.ToScalar())
            // Rounding differs with the size of a product.
            Expect.isLessThan (found.ne(expected).sum().item<int64>()) 20L "pairs"
            let counted = int64 (finder.GetMatchingTuples(query, reference).Count)
            Expect.equal counted (found.sum().item<int64>()) "tuples"
        }

        test "16-bit embeddings are compared in 32 bits" {
            use _ = torch.NewDisposeScope()
            let rows = torch.tensor (array2D [ [ 1.0f; 2.0f ]; [ -3.0f; 1.0f ] ])

            use half = rows.half ()
            let finder = MatchFinder(LpDistance(), 0.5)
            Expect.equal (bools (finder.GetMatchingPairs(half))) [| true; false; false; true |] "each itself"
        }

        test "another threshold leaves the finder as it was" {
            let finder = MatchFinder(LpDistance(), 0.5)
            Expect.equal (finder.WithThreshold 0.7).Threshold (Nullable 0.7) "the new"
            Expect.equal finder.Threshold (Nullable 0.5) "the old"
        }

        test "nothing stays behind" {
            use rows = (random 1 5L).DetachFromDisposeScope()
            let finder = MatchFinder(threshold = 0.9)

            leavesNoTensors (fun () ->
                finder.GetMatchingPairs(rows, rows).Dispose()
                finder.GetMatchingTuples(rows, rows) |> ignore
                finder.IsMatch(rows, rows) |> ignore

                throws<ArgumentException> "wide" (fun () ->
                    use narrow = torch.zeros (2L, 2L)
                    finder.GetMatchingPairs(rows, narrow) |> ignore))
        }

        test "mistakes are named" {
            use _ = torch.NewDisposeScope()
            let finder = MatchFinder(LpDistance())
            let rows = random 1 3L

            throws<InvalidOperationException> "no threshold" (fun () -> finder.GetMatchingPairs(rows) |> ignore)

            throws<InvalidOperationException> "no threshold" (fun () -> finder.IsMatch(rows, rows) |> ignore)

            throws<ArgumentException> "NaN" (fun () -> finder.IsMatch(rows, rows, nan) |> ignore)
            throws<ArgumentException> "NaN" (fun () -> MatchFinder(finder.Distance, nan) |> ignore)

            throws<ArgumentException> "[3 × 4] and [2 × 4]" (fun () -> finder.IsMatch(rows, random 1 2L, 1.0) |> ignore)
        }
    ]

let tests = testList "matches" (byDistance @ rest)
