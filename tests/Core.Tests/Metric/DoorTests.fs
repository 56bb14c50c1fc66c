/// Distances, regularizers and the parts of losses that are called by hand: what they cannot take is an ArgumentException that names the
/// argument, and null from a function of the user's is an error that names the function.
module MetricLearning.Core.Tests.Metric.DoorTests

open System
open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches

let private refused (argument: string) (what: string) (act: unit -> 'Result) =
    let error =
        try
            act () |> ignore
            None
        with error ->
            Some error

    match error with
    | Some(:? ArgumentException as error) -> Expect.equal error.ParamName argument what
    | Some error -> failtest $"{what}: {error}"
    | None -> failtest $"{what}: no error"

let private all<'Part> : 'Part list =
    [
        for kind in typeof<'Part>.Assembly.GetExportedTypes() do
            if typeof<'Part>.IsAssignableFrom kind && not kind.IsAbstract then
                let constructor = (kind.GetConstructors())[0]

                let arguments: (obj | null)[] =
                    [|
                        for parameter in constructor.GetParameters() ->
                            if parameter.HasDefaultValue then
                                parameter.DefaultValue
                            else
                                box 2
                    |]

                constructor.Invoke arguments :?> 'Part
    ]

let private named (part: MetricPart) = part.Name

// What no rows of embeddings are.
let private noRows () =
    [
        "a vector", torch.rand 4L
        "a scalar", torch.rand ([||]: int64[])
        "three dimensions", torch.rand (4L, 5L, 2L)
        "whole numbers", torch.ones (4L, 5L, dtype = torch.int64)
        "truth values", torch.ones (4L, 5L, dtype = torch.bool)
        "no columns", torch.rand (4L, 0L)
        "no numbers", torch.zeros (4L, 5L, device = torch.META)
    ]

let private rows =
    testList
        "rows"
        [
            for distance in all<Distance> do
                test $"of {named distance}" {
                    let right = embeddings 1 4

                    for what, wrong in noRows () do
                        refused "query" $"Matrix, {what}" (fun () -> distance.Matrix(wrong, null))
                        refused "reference" $"Matrix, reference of {what}" (fun () -> distance.Matrix(right, wrong))
                        refused "embeddings" $"Normalize, {what}" (fun () -> distance.Normalize wrong)
                        refused "embeddings" $"MaybeNormalize, {what}" (fun () -> distance.MaybeNormalize wrong)
                        refused "embeddings" $"GetNorm, {what}" (fun () -> distance.GetNorm wrong)

                    let others =
                        [
                            "another width", torch.rand (4L, 7L)
                            "another type", right.to_type torch.float32
                        ]

                    for what, wrong in others do
                        refused "reference" what (fun () -> distance.Matrix(right, wrong))
                }

            for regularizer in all<Regularizer> do
                test $"of {named regularizer}" {
                    for what, wrong in noRows () do
                        refused "rows" what (fun () -> regularizer.Compute wrong)
                }
        ]

let private values =
    testList
        "distances that are compared"
        [
            for distance in all<Distance> do
                test $"by {named distance}" {
                    let x = torch.rand (4L, 5L)

                    let noFit =
                        [
                            torch.rand (4L, 6L)
                            torch.rand (3L, 5L)
                            torch.ones (4L, 5L, dtype = torch.bool)
                            torch.zeros (4L, 5L, device = torch.META)
                        ]

                    for wrong in noFit do
                        refused "y" "Margin" (fun () -> distance.Margin(x, wrong))
                        refused "y" "SmallestDist" (fun () -> distance.SmallestDist(x, wrong))
                        refused "y" "LargestDist" (fun () -> distance.LargestDist(x, wrong))

                    for dim in [ 2L; -3L; Int64.MinValue ] do
                        refused "dim" "SmallestDist" (fun () -> distance.SmallestDist(x, dim))
                        refused "dim" "LargestDist" (fun () -> distance.LargestDist(x, dim))

                    let empty = torch.rand (4L, 0L)
                    refused "x" "SmallestDist of none" (fun () -> distance.SmallestDist empty)
                    refused "x" "LargestDist of none" (fun () -> distance.LargestDist empty)
                    refused "x" "SmallestDist along none" (fun () -> distance.SmallestDist(empty, 1L))
                    refused "x" "LargestDist along none" (fun () -> distance.LargestDist(empty, -1L))

                    for fits in
                        [
                            torch.rand (4L, 5L)
                            torch.rand (5L)
                            torch.rand (4L, 1L)
                            torch.rand ([||]: int64[])
                        ] do
                        Expect.sequenceEqual (distance.Margin(x, fits).shape) x.shape "broadcast"
                }
        ]

let private says (part: string) (act: unit -> 'Result) =
    let error = Expect.throwsC (act >> ignore) id

    Expect.isTrue (error :? InvalidOperationException) $"{error}"
    Expect.stringContains error.Message part "names the function"

let private returned =
    testList
        "null from a function of the user's"
        [
            test "ComputeLoss of a loss" {
                use loss =
                    { new Loss("Own") with
                        override _.ComputeLoss _ = Unchecked.defaultof<_>
                    }

                says "ComputeLoss of Own returned null" (fun () -> loss.Compute(embeddings 1 4, vector [ 0; 0; 1; 1 ]))
            }

            test "ComputeLoss of a regularizer" {
                let regularizer =
                    { new Regularizer("Own", [||]) with
                        override _.ComputeLoss _ = Unchecked.defaultof<_>
                    }

                says "ComputeLoss of Own returned null" (fun () -> regularizer.Compute(embeddings 1 4))
            }

            test "an aggregation" {
                use loss =
                    new ContrastiveLoss(Reducer = PerAnchorReducer(null, fun _ _ -> Unchecked.defaultof<_>))

                says "aggregationFunc returned null" (fun () -> loss.Compute(embeddings 1 4, vector [ 0; 0; 1; 1 ]))
            }

            test "a statistic" {
                let statistics = Statistics(Nullable true, [| "size" |])

                says "size" (fun () -> statistics.Record("size", Func<torch.Tensor>(fun () -> Unchecked.defaultof<_>)))
            }
        ]

let private items =
    testList
        "null in a sequence"
        [
            test "of parts" {
                let missing = Unchecked.defaultof<Reducer>

                refused "reducers" "MultipleReducers" (fun () ->
                    MultipleReducers(dict [ "loss", missing ] :?> IReadOnlyDictionary<_, _>))
            }

            test "of elements" {
                let elements = [| Unchecked.defaultof<LossElements> |]
                refused "elements" "Reduce" (fun () -> MeanReducer().Reduce(elements, embeddings 1 4, null))
            }

            test "of metrics" {
                refused "customMetrics" "AccuracyCalculator" (fun () ->
                    AccuracyCalculator(customMetrics = [| Unchecked.defaultof<_> |]))

                refused "include" "AccuracyCalculator" (fun () ->
                    AccuracyCalculator(``include`` = [| Unchecked.defaultof<_> |]))
            }
        ]

let private others =
    testList
        "others"
        [
            test "whole numbers are not learned" {
                use loss = new ContrastiveLoss()
                refused "initial" "Learn" (fun () -> loss.Learn("scale", torch.ones (3L, dtype = torch.int64)))
            }

            test "a metric that is not among the results" {
                let results =
                    SplitResults(1, dict [ "recall_at_1", Accuracy 0.5 ] :?> IReadOnlyDictionary<_, _>)

                let error = Expect.throwsC (fun () -> results["recall"] |> ignore) id
                Expect.isTrue (error :? KeyNotFoundException) $"{error}"
                Expect.stringContains error.Message "recall_at_1" "says what there is"
            }

            test "classes without a weight" {
                use loss = new ContrastiveLoss(Reducer = ClassWeightedReducer(torch.ones 2L))
                refused "weights" "labels" (fun () -> loss.Compute(embeddings 1 4, vector [ 0; 0; 2; 2 ]))
                refused "weights" "a matrix" (fun () -> ClassWeightedReducer(torch.ones (2L, 2L)))
            }

            test "no classes" {
                refused "numClasses" "MarginLoss" (fun () -> new MarginLoss(learnBeta = true, numClasses = -1))

                refused "values" "Classes" (fun () ->
                    ElementsOf.Classes("loss", torch.rand ([||]: int64[]), torch.tensor 1.0))
            }

            test "labels without numbers" {
                let labels = torch.zeros (4L, dtype = torch.int64, device = torch.META)
                refused "labels" "a loss" (fun () -> (new ContrastiveLoss()).Compute(embeddings 1 4, labels))
                Expect.throwsT<ArgumentException> (fun () -> MPerClassSampler(labels, 2) |> ignore) "a sampler"
            }
        ]

let tests = testList "doors" [ rows; values; returned; items; others ]
