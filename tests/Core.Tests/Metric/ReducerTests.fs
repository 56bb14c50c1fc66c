module MetricLearning.Core.Tests.Metric.ReducerTests

open System
open System.Collections.Generic
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.Reduced

let private values =
    testList
        "values"
        [
            for name, reducer, expected in
                [
                    "mean", (MeanReducer() :> Reducer), 0.75
                    "sum", SumReducer(), 3.0
                    "average of those above 0", AvgNonZeroReducer(), 2.5
                    "strictly above a bound", threshold (Nullable 1.0) (Nullable()), 4.0
                    "strictly below a bound", threshold (Nullable()) (Nullable 1.0), -1.0
                    "strictly between", threshold (Nullable -2.0) (Nullable 4.0), 0.5
                    "none between", threshold (Nullable 4.0) (Nullable 9.0), 0.0
                    "one value a sample needs no aggregation", PerAnchorReducer(SumReducer()), 3.0
                ] do
                test name { Expect.equal (reduceSamples reducer) expected name }

            test "class weighted: each by its own class, not by the sum of weights" {
                use weights = float64 [| 0.5; 2.0; 1.0; 0.1 |]
                isNear 1e-15 (reduceSamples (ClassWeightedReducer(weights))) ((0.5 - 4.0 + 0.4) / 4.0) "mean"
            }

            test "divisor: the loss's own, and 0 where that is 0" {
                use _ = torch.NewDisposeScope()
                let rows, labels = torch.ones (4L, 2L, dtype = torch.float64), vector [ 0; 1; 1; 3 ]
                let losses = float64 [| 1.0; 2.0; 3.0 |]

                let divided (by: torch.Tensor) =
                    reduced (DivisorReducer()) (ElementsOf.Classes("loss", losses, by)) rows labels

                Expect.equal (divided (torch.tensor 4L)) 1.5 "a count"
                Expect.equal (divided (torch.tensor 0.5)) 12.0 "any number"
                Expect.equal (divided (torch.tensor 0L)) 0.0 "nothing"

                throws<InvalidOperationException> "no divisor of its own" (fun () ->
                    reduced (DivisorReducer()) (samples ()) rows labels |> ignore)
            }

            test "several parts: each by its own reducer, then added" {
                use _ = torch.NewDisposeScope()
                let rows = torch.ones (4L, 2L, dtype = torch.float64)
                let byName = Dictionary<string, Reducer>()
                byName["a"] <- SumReducer()
                let multiple = MultipleReducers(byName, (AvgNonZeroReducer()))

                let part name =
                    ElementsOf.Rows(name, float64 [| 1.0; -2.0; 0.0; 4.0 |])

                let parts: LossElements[] =
                    [| part "a"; part "b"; ElementsOf.Reduced("c", torch.tensor 10.0) |]

                Expect.equal (number (multiple.Reduce(parts, rows, null))) (3.0 + 2.5 + 10.0) "sum"

                throws<ArgumentException> "use MultipleReducers" (fun () ->
                    MeanReducer().Reduce(parts, rows, null) |> ignore)
            }

            test "doing nothing leaves the values as they are" {
                use _ = torch.NewDisposeScope()
                let nothing = DoNothingReducer()
                let left = nothing.Reduce([| samples () |], torch.ones (4L, 2L), null)
                Expect.equal (floats left) [| 1.0; -2.0; 0.0; 4.0 |] "values"

                throws<InvalidOperationException> "ComputeLoss" (fun () ->
                    nothing.Reduce([| samples (); samples () |], torch.ones (4L, 2L), null)
                    |> ignore)
            }

            test "nothing at all is a zero that hangs together with the embeddings" {
                for _, make in reducers do
                    use _ = torch.NewDisposeScope()
                    let rows = torch.ones(4L, 2L, dtype = torch.float64).requires_grad_ true

                    let zero =
                        make().Reduce([| ElementsOf.Nothing("loss", rows) |], rows, vector [ 0; 1; 1; 3 ])

                    zero.backward ()
                    Expect.equal (number zero) 0.0 "value"
                    Expect.equal (floats (gradient rows)) (Array.zeroCreate 8) "gradient"
            }

            test "nothing at all is NaN where the embeddings hold one" {
                use _ = torch.NewDisposeScope()
                let rows = float64([| 1.0; nan |]).reshape(1L, 2L)

                let zero = MeanReducer().Reduce([| ElementsOf.Nothing("loss", rows) |], rows, null)

                Expect.isTrue (Double.IsNaN(number zero)) "the loss shows it"
            }

            test "16 bits: a sum that overflows them has a mean that does not" {
                use _ = torch.NewDisposeScope()
                let rows = torch.ones (100L, 100L, dtype = torch.float16)
                let values = (filled [ 100; 100 ] 60000.0).``to`` torch.float16

                let pairs =
                    ElementsOf.PairMatrix(
                        "loss",
                        ElementKind.PositivePair,
                        values,
                        torch.ones_like (values, dtype = torch.bool)
                    )

                Expect.equal (reduced (AvgNonZeroReducer()) pairs rows (vector [])) 60000.0 "mean"
            }
        ]

/// The entries of a matrix that a mask has, and the same pairs as a list.
let private bothForms (codes: byte[]) (number: int) =
    let rows = embeddings number codes.Length
    let labels = vector (classes codes)
    let mask = Tuples.matches labels null
    let values = rows.mm (rows.t ())
    let struct (anchors, others) = Tuples.places mask

    rows,
    labels,
    ElementsOf.PairMatrix("loss", ElementKind.PositivePair, values, mask),
    ElementsOf.Pairs("loss", ElementKind.PositivePair, values.masked_select mask, anchors, others)

let private forms =
    testList
        "forms of elements"
        [
            for name, make in reducers do
                testPropertyWithConfig few $"{name}: a matrix with a mask is the list of its pairs"
                <| fun (NonEmptyArray(codes: byte[])) (seed: int) ->
                    use _ = torch.NewDisposeScope()
                    let rows, labels, matrix, list = bothForms codes seed
                    isNear 1e-12 (reduced (make ()) matrix rows labels) (reduced (make ()) list rows labels) name

            testPropertyWithConfig few "a matrix lists its pairs in order"
            <| fun (NonEmptyArray(codes: byte[])) (seed: int) ->
                use _ = torch.NewDisposeScope()
                let _, _, matrix, list = bothForms codes seed
                Expect.equal (floats (matrix.List().Values)) (floats (list.List().Values)) "values"

                for index in 0..1 do
                    Expect.equal
                        (numbers (matrix.List().Indices[index]))
                        (numbers (list.List().Indices[index]))
                        "indices"

            testPropertyWithConfig few "a matrix of triplets is the list of its triplets"
            <| fun (NonEmptyArray(codes: byte[])) (seed: int) ->
                use _ = torch.NewDisposeScope()
                let labels = vector (classes codes)
                let struct (a, p, n) = Tuples.allTriplets labels null
                let struct (anchors, positives) = Tuples.places (Tuples.matches labels null)
                let mask = (Tuples.differs labels null).index_select(0L, anchors)

                let triplets =
                    ElementsOf.TripletMatrix(
                        "loss",
                        torch.rand_like (mask, dtype = torch.float64),
                        mask,
                        anchors,
                        positives,
                        null
                    )

                let listed = triplets.List()

                Expect.equal
                    [ for index in listed.Indices -> numbers index ]
                    [ numbers a; numbers p; numbers n ]
                    "indices"

            test "an index for every value, or an error" {
                use _ = torch.NewDisposeScope()

                throws<ArgumentException> "2 values and 1 indices" (fun () ->
                    ElementsOf.Rows("loss", float64 [| 1.0; 2.0 |], vector [ 0 ]) |> ignore)
            }

            test "triplets cannot be reduced by anchor" {
                use _ = torch.NewDisposeScope()
                let one = vector [ 0 ]
                let triplet = ElementsOf.Triplets("loss", float64 [| 1.0 |], one, one, one, null)

                throws<NotSupportedException> "Triplet" (fun () ->
                    reduced (PerAnchorReducer(MeanReducer())) triplet (torch.ones (1L, 1L)) one
                    |> ignore)
            }
        ]

let tests = testList "reducers" [ values; forms; ReducerStatistics.statistics ]
