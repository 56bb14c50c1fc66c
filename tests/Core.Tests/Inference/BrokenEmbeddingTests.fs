/// Law 12 at every door: embeddings that are not finite, or no embeddings at all, are refused in words.
module MetricLearning.Core.Tests.Inference.BrokenEmbeddingTests

open System
open System.Reflection
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.BrokenRows

/// A distance of a user's.
type private Own() =
    inherit Distance("Own", false, false, 2.0, 1.0)

    override _.ComputeMatrix(query, reference) =
        (query.unsqueeze 1L - reference.unsqueeze 0L).abs().sum -1L

    override _.PairwiseDistance(query, reference) = (query - reference).abs().sum -1L

let private distances: (string * (unit -> Distance)) list =
    [
        "euclidean", (fun () -> LpDistance())
        "squared", (fun () -> LpDistance(normalizeEmbeddings = false, power = 2.0))
        "city block", (fun () -> LpDistance(p = 1.0))
        "cosine", (fun () -> CosineSimilarity())
        "dot product", (fun () -> DotProductSimilarity(normalizeEmbeddings = false))
        "signal to noise", (fun () -> SNRDistance())
        "own", (fun () -> Own())
    ]

// Who is asked, and the rows of queries and of references; row by row, these are as many.
let private askedOf (method: MethodInfo) : (string * (obj | null) * int * int) list =
    match nonNull method.DeclaringType with
    | kind when kind = typeof<AccuracyCalculator> -> [ "", AccuracyCalculator(), 12, 20 ]
    | kind when kind = typeof<MatchFinder> -> [ "", MatchFinder(threshold = 0.5), 12, 12 ]
    | kind when kind = typeof<Validation> || kind = typeof<HardNegatives> -> [ "", null, 12, 12 ]
    | kind when kind = typeof<CustomKNN> ->
        [
            for name, distance in distances do
                for queries, references in [ 3, 20; 3, 1100; 40, 60 ] do
                    $"{name}, {queries} in {references}", CustomKNN(distance ()), queries, references
        ]
    | kind -> failtest $"{kind.Name}.{method.Name} takes embeddings: say here how it is called"

let private count (queries: int) (references: int) (name: string) =
    if name.StartsWith "reference" || name = "y" then
        references
    else
        queries

// What a call without a mistake gives for a parameter.
let private proper (queries: int) (references: int) (parameter: ParameterInfo) : (obj | null) option =
    let name = nonNull parameter.Name
    let count = count queries references name
    let kind = parameter.ParameterType

    if Doors.takesEmbeddings parameter then
        Some(rows count (name.Length + int name[0]))
    elif kind = typeof<torch.Tensor> && name = "same" then
        Some(torch.tensor [| for row in 0 .. count - 1 -> row % 2 = 0 |])
    elif kind = typeof<torch.Tensor> then
        Some(torch.tensor [| for row in 0 .. count - 1 -> int64 (row % 3) |])
    elif kind = typeof<MatchFinder> then
        Some(MatchFinder())
    elif name = "k" then
        Some 2L
    elif kind = typeof<Action<int64, Neighbours>> then
        Some(box (Action<int64, Neighbours>(fun _ _ -> ())))
    else
        None

let private tensorDoors =
    Doors.all
    |> List.filter (fun method ->
        method.GetParameters()
        |> Array.exists (fun parameter ->
            Doors.takesEmbeddings parameter
            && parameter.ParameterType = typeof<torch.Tensor>))

// Each call, and for each parameter that is embeddings the call with something else in its place.
let private withEach (method: MethodInfo) (act: string -> ParameterInfo -> Tensor -> (Tensor -> unit) -> unit) : unit =
    for name, target, queries, references in askedOf method do
        let proper = proper queries references
        Doors.call target method proper

        for parameter in method.GetParameters() do
            if Doors.takesEmbeddings parameter then
                let good = rows (count queries references (nonNull parameter.Name)) 5

                let calling (other: Tensor) =
                    Doors.call target method (fun one -> if one = parameter then Some other else proper one)

                act $"{name} {parameter.Name}" parameter good calling

let private doors =
    [
        for method in tensorDoors do
            let name = $"{(nonNull method.DeclaringType).Name}.{method.Name}"

            test $"{name}: numbers that are not finite" {
                use _ = torch.NewDisposeScope()

                withEach method (fun what parameter good calling ->
                    for value in brokenNumbers do
                        for row in [ 0L; good.size 0 - 1L ] do
                            for dtype in [ torch.float32; torch.float64 ] do
                                let broken = breakAt row value (good.to_type dtype)

                                Expect.throwsC (fun () -> calling broken) (fun error ->
                                    Expect.isTrue (error :? ArgumentException) $"{what}: {error}"
                                    Expect.stringContains error.Message "NaN or infinite" what
                                    Expect.stringContains error.Message $"Row {row} of {parameter.Name}" what))
            }

            test $"{name}: what is no matrix of embeddings is refused in words" {
                use _ = torch.NewDisposeScope()

                withEach method (fun what _ good calling ->
                    for mistake, other in
                        [
                            "whole numbers", good.to_type torch.int64
                            "one row without a batch", good[0L]
                            "three dimensions", good.unsqueeze 0L
                            "another width", good.narrow (1L, 0L, 2L)
                            "no rows", good.narrow (0L, 0L, 0L)
                            "no columns", good.narrow (1L, 0L, 0L)
                            "complex numbers", good.to_type torch.complex64
                        ] do
                        try
                            calling other

                            // Without another matrix, any width will do.
                            Expect.isTrue
                                (mistake = "no rows" || mistake.Contains "width" || mistake.Contains "columns")
                                $"{what}: {mistake} is not refused"
                        with error when not (error :? AssertException) ->
                            Expect.isTrue (isRefusal error) $"{what}, {mistake}: {error}")
            }
    ]

let tests =
    testList
        "embeddings that are none, at doors of tensors"
        [
            test "the doors that were found" {
                let found =
                    Doors.all
                    |> List.map (fun door -> (nonNull door.DeclaringType).Name)
                    |> List.distinct

                Expect.containsAll
                    found
                    [
                        "AccuracyCalculator"
                        "CustomKNN"
                        "InferenceModel"
                        "MatchFinder"
                        "Validation"
                    ]
                    ""
            }

            testList "of tensors" doors
        ]
