module MetricLearning.Core.Tests.Metric.RegularizerTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

/// RegularFace with all similarities at once.
let private wholeFace (distance: Distance) (rows: torch.Tensor) : torch.Tensor =
    let similarities = distance.Matrix(rows, null)
    let self = torch.eye (rows.size 0, dtype = torch.bool)
    let struct (nearest, _) = similarities.masked_fill(self, -1e300).max 1L
    nearest.mean ()

/// A similarity of one's own.
type private Overlap() =
    inherit Distance("Overlap", true)

    override _.ComputeMatrix(query, reference) =
        (query.unsqueeze(1L).minimum(reference.unsqueeze 0L)).sum 2L

    override _.PairwiseDistance(query, reference) = (query.minimum reference).sum 1L

let tests =
    testList
        "regularizers"
        [
            for name, regularizer, expected in
                [
                    "Lp", (LpRegularizer() :> Regularizer), 1.40394598
                    "ZeroMean", ZeroMeanRegularizer(), 0.40065245
                    "CenterInvariant", CenterInvariantRegularizer(), 0.06646190
                    "RegularFace", RegularFaceRegularizer(), 0.77187813
                    "SparseCenters", SparseCentersRegularizer(4, 2), 0.40674928
                ] do
                test $"{name}: as the reference" {
                    use _ = torch.NewDisposeScope()
                    isNear 1e-8 (number (regularizer.Compute(Known.x ()))) expected name
                }

            for name, distance, rows in
                [
                    "one tile", (fun () -> CosineSimilarity() :> Distance), 40
                    "two tiles", (fun () -> CosineSimilarity()), 2500
                    "a power", (fun () -> DotProductSimilarity(power = 3.0)), 60
                    "one's own distance", (fun () -> Overlap()), 30
                ] do
                test $"RegularFace is that of the whole matrix: {name}" {
                    use _ = torch.NewDisposeScope()
                    let given = embeddings 5 rows

                    let byTiles, whole =
                        given.clone().requires_grad_ true, given.clone().requires_grad_ true

                    let cost = RegularFaceRegularizer(Distance = distance ()).Compute byTiles
                    let expected = wholeFace (distance ()) whole
                    cost.backward ()
                    expected.backward ()
                    isNear 1e-12 (number cost) (number expected) "cost"
                    Expect.isLessThan (number ((gradient byTiles - gradient whole).abs().max())) 1e-12 "gradient"
                }

            test "RegularFace of a single row is nothing" {
                use _ = torch.NewDisposeScope()
                let rows = (embeddings 1 1).requires_grad_ true
                let cost = RegularFaceRegularizer(Reducer = SumReducer()).Compute rows
                cost.backward ()
                Expect.equal (number cost, number ((gradient rows).abs().sum())) (0.0, 0.0) "cost, gradient"
            }

            test "SparseCenters: centres that have become one are left alone" {
                use _ = torch.NewDisposeScope()

                let regularizer = SparseCentersRegularizer(2, 2)

                let rows = (torch.ones (4L, 3L)).requires_grad_ true
                let cost = regularizer.Compute rows
                cost.backward ()
                isNear 1e-3 (number cost) 0.0 "cost"
                Expect.all (floats (gradient rows)) Double.IsFinite "gradient"
            }

            test "SparseCenters: mistakes" {
                use _ = torch.NewDisposeScope()
                let euclidean = LpDistance()

                throws<ArgumentException> "SparseCentersRegularizer needs CosineSimilarity" (fun () ->
                    SparseCentersRegularizer(2, 2, Distance = euclidean) |> ignore)

                throws<ArgumentException> "two centres a class" (fun () -> SparseCentersRegularizer(2, 1) |> ignore)

                let regularizer = SparseCentersRegularizer(2, 2)

                throws<ArgumentException> "there are 5 rows" (fun () ->
                    regularizer.Compute(torch.ones (5L, 3L)) |> ignore)
            }

            test "are asked for a fitting distance" {
                let cosine = CosineSimilarity()
                let euclidean = LpDistance()

                throws<ArgumentException> "LpDistance" (fun () ->
                    CenterInvariantRegularizer(Distance = cosine) |> ignore)

                throws<ArgumentException> "not normalise" (fun () ->
                    CenterInvariantRegularizer(Distance = euclidean) |> ignore)

                throws<ArgumentException> "similarity" (fun () ->
                    RegularFaceRegularizer(Distance = euclidean) |> ignore)
            }

            test "once in use, its properties are fixed" {
                use _ = torch.NewDisposeScope()
                let regularizer = LpRegularizer(Reducer = SumReducer())
                regularizer.Reducer <- MeanReducer()
                regularizer.Compute(Known.x ()) |> ignore

                throws<InvalidOperationException> "LpRegularizer.Reducer" (fun () ->
                    regularizer.Reducer <- SumReducer())

                throws<InvalidOperationException> "LpRegularizer.Distance" (fun () ->
                    regularizer.Distance <- LpDistance())
            }
        ]
