module MetricLearning.Core.Tests.Metric.OwnTests

open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches

/// A loss of one's own: the square of how far positives are too far, learning how far that is.
type SquaredHinge() as this =
    inherit Loss("SquaredHinge")
    do this.Learn("limit", filled [ 1 ] 0.5)

    override this.ComputeLoss input =
        let struct (positives, _) = PairDistances.Of(this.Distance, input)
        let excess = (positives.Values - this.Learned("limit", input.Embeddings)).relu()
        [| positives.Elements("loss", excess.square ()) |]

/// A distance of one's own: the largest difference.
type Chebyshev() =
    inherit Distance("Chebyshev", false)

    override _.ComputeMatrix(query, reference) =
        (query.unsqueeze 1L - reference.unsqueeze 0L).abs().amax([| 2L |])

    override _.PairwiseDistance(query, reference) =
        (query - reference).abs().amax([| 1L |])

/// A miner of one's own: positive pairs that are neighbours in the batch, and all negatives.
type NextToEachOther() =
    inherit Miner("NextToEachOther")

    override _.MineTuples input =
        let struct (a, p, a2, n) = input.Pairs()
        let near = (a - p).abs().eq(torch.tensor 1L)
        Tuples.Pairs(a.masked_select near, p.masked_select near, a2, n)

/// A reducer of one's own: the largest value.
type Largest() =
    inherit Reducer("Largest")
    override _.ReduceElements(elements, _, _) = elements.List().Values.max()

/// A regularizer of one's own: the first number of every row, squared.
type FirstNumber() =
    inherit Regularizer("FirstNumber")

    override _.ComputeLoss rows =
        ElementsOf.Rows("loss", rows.select(1L, 0L).square())

let tests =
    testList
        "of one's own"
        [
            test "a loss, which learns" {
                use _ = torch.NewDisposeScope()
                use loss = new SquaredHinge()
                let rows = Known.x ()
                let value = loss.Compute(rows, Known.y ())
                value.backward ()
                let distances = LpDistance().Matrix(rows, null)

                let excess =
                    (distances.masked_select (Tuples.matches (Known.y ()) null) - 0.5).relu()

                isNear 1e-6 (number value) (number (excess.square().mean())) "value"
                let limit = Seq.exactlyOne (loss.named_parameters ())
                let struct (name, parameter) = limit
                Expect.equal name "limit" "the parameter's name"
                isNear 1e-6 (number (gradient parameter)) (number ((excess * -2.0).mean())) "its gradient"
            }

            test "a distance" {
                use _ = torch.NewDisposeScope()
                let largest = Chebyshev()

                // It normalises by the 2-norm, the other by its own.
                let rows = largest.Normalize(Known.x ())

                let plain = LpDistance(p = infinity, normalizeEmbeddings = false)

                Expect.equal (floats (largest.Matrix(Known.x (), null))) (floats (plain.Matrix(rows, null))) "matrix"

                use loss = new TripletMarginLoss(Distance = largest)
                Expect.isGreaterThan (number (loss.Compute(Known.x (), Known.y ()))) 0.0 "in a loss"
            }

            test "a miner" {
                use _ = torch.NewDisposeScope()
                let miner = NextToEachOther()

                match miner.Mine(Known.x (), Known.y ()) with
                | Tuples.Pairs(a, p, _, _) ->
                    Expect.equal (numbers a) [| 0; 1; 1; 2; 3; 4; 5; 6 |] "anchors"
                    Expect.equal (numbers p) [| 1; 0; 2; 1; 4; 3; 6; 5 |] "positives"
                | other -> failtest $"{other}"

                Expect.equal miner.Stats["num_pos_pairs"] 8.0 "counted"
            }

            test "a reducer" {
                use _ = torch.NewDisposeScope()

                use loss = new ContrastiveLoss(Reducer = Largest())

                let distances = LpDistance().Matrix(Known.x (), null)

                let positive = (distances * Tuples.matches (Known.y ()) null).max()
                let negative = ((1.0 - distances).relu() * Tuples.differs (Known.y ()) null).max()

                isNear
                    1e-12
                    (number (loss.Compute(Known.x (), Known.y ())))
                    (number (positive + negative))
                    "largest of both parts"
            }

            test "a regularizer" {
                use _ = torch.NewDisposeScope()
                let plain = new TripletMarginLoss()

                use loss =
                    new TripletMarginLoss(EmbeddingRegularizer = FirstNumber(), EmbeddingRegWeight = 0.1)

                let x, y = Known.x (), Known.y ()

                let expected =
                    number (plain.Compute(x, y)) + 0.1 * number ((x.select(1L, 0L).square()).mean())

                isNear 1e-12 (number (loss.Compute(x, y))) expected "sum"
            }
        ]
