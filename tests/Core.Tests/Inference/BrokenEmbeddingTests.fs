/// Law 12 at every door: embeddings that are not finite, or no embeddings at all, are refused in words.
module MetricLearning.Core.Tests.Inference.BrokenEmbeddingTests

open System
open System.IO
open System.Reflection
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

let private width = 3

// Rows in groups of one label, so that every call without a mistake succeeds.
let private rows (count: int) (seed: int) : Tensor = Neighbourhoods.random seed count width

let private breakAt (row: int64) (value: float) (good: Tensor) : Tensor =
    let broken = good.clone ()
    broken[row, 1L] <- torch.tensor (value, dtype = good.dtype)
    broken

let private brokenNumbers = [ nan; infinity; -infinity ]

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
    | kind when kind = typeof<Validation> -> [ "", null, 12, 12 ]
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

let private isRefusal (error: exn) =
    error :? ArgumentException || error :? InvalidOperationException

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

let private network = new Function("identity", id)

let private index () = rows 20 3

let private made () =
    let model = new InferenceModel(network)
    model.TrainKnn(index ())
    model

// As a tensor, or sample by sample.
let private asked (parameter: ParameterInfo) (samples: Tensor) : obj =
    let labels = [| for row in 0L .. samples.size 0 - 1L -> row % 3L |]

    if parameter.ParameterType = typeof<Inputs> then
        Inputs.op_Implicit samples
    else
        TrainingData.FromTensors(samples, labels)

let private withEachOfModel (method: MethodInfo) (act: ParameterInfo -> (Tensor -> unit) -> unit) : unit =
    use model = made ()

    let proper (parameter: ParameterInfo) : (obj | null) option =
        if Doors.takesEmbeddings parameter then
            Some(asked parameter (rows 12 4))
        elif parameter.Name = "k" then
            Some 2
        else
            None

    for parameter in method.GetParameters() do
        if Doors.takesEmbeddings parameter then
            act parameter (fun samples ->
                let before = model.IndexCount

                try
                    Doors.call model method (fun one ->
                        if one = parameter then
                            Some(asked one samples)
                        else
                            proper one)
                with _ ->
                    Expect.equal model.IndexCount before "the index"
                    reraise ())

let private ofModels =
    [
        for method in Doors.ofType<InferenceModel> do
            test $"InferenceModel.{method.Name}: numbers that are not finite" {
                use _ = torch.NewDisposeScope()

                withEachOfModel method (fun parameter calling ->
                    for value in brokenNumbers do
                        for row in [ 0L; 11L ] do
                            throws<InvalidOperationException> $"of sample {row}" (fun () ->
                                calling (breakAt row value (rows 12 4)))

                    calling (rows 12 4))
            }

            test $"InferenceModel.{method.Name}: what cannot be embedded is refused in words" {
                use _ = torch.NewDisposeScope()

                withEachOfModel method (fun parameter calling ->
                    for mistake, samples in
                        [
                            "whole numbers", (rows 12 4).to_type torch.int64
                            "a sample without a batch", (rows 12 4)[0L]
                            "three dimensions", (rows 12 4).unsqueeze 2L
                            "no samples", (rows 12 4).narrow(0L, 0L, 0L)
                        ] do
                        Expect.throwsC (fun () -> calling samples) (fun error ->
                            Expect.isTrue (isRefusal error) $"{mistake}: {error}"))
            }
    ]

let private others =
    [
        test "testers of every space" {
            use _ = torch.NewDisposeScope()

            for space in
                [
                    EmbeddingSpace.Global
                    EmbeddingSpace.WithSameParentLabel
                    EmbeddingSpace.TwoStream
                ] do
                for value in brokenNumbers do
                    let labels = array2D [ for row in 0..11 -> [ row % 4; row % 2 ] ]
                    let broken = [ rows 12 1; breakAt 7L value (rows 12 2) ]

                    let inputs =
                        if space = EmbeddingSpace.TwoStream then
                            broken
                        else
                            broken.Tail

                    let data = TrainingData.FromTensors(ResizeArray inputs, labels)
                    let tester = Tester(space, TestOptions(DataloaderNumWorkers = 0))

                    throws<InvalidOperationException> "of sample 7" (fun () ->
                        tester.Test(TesterCases.datasets [ "val", data ], 1, network) |> ignore)

                    throws<InvalidOperationException> "of sample 7" (fun () ->
                        tester.GetAllEmbeddings(data, network).Dispose())

                    Expect.isEmpty tester.AllAccuracies "no results"
        }

        test "a sampler that mines the data set" {
            use _ = torch.NewDisposeScope()
            let data = TrainingData.FromTensors(breakAt 7L nan (rows 12 2), [| 0L .. 11L |])
            let sampler = TuplesToWeightsSampler(network, MultiSimilarityMiner(), data)

            throws<InvalidOperationException> "of sample 7" (fun () ->
                sampler.Pass(Seed.ofInt64 1L, 0L) |> Seq.iter ignore)
        }

        test "indexes in files" {
            use _ = torch.NewDisposeScope()
            let file = Path.GetTempFileName()

            for bad in [ breakAt 3L nan (rows 6 1); (rows 6 1).to_type torch.int64 ] do
                InferenceFile.writeIndex
                    file
                    {
                        NormalizeEmbeddings = true
                        Distance = ""
                        Threshold = Nullable()
                        Index = bad
                    }

                use model = made ()
                throws<InvalidDataException> "has an index" (fun () -> model.LoadKnnFunc file)
                Expect.equal model.IndexCount 20L "the index"

            File.Delete file
        }

        test "what a kNN function of your own returns" {
            use _ = torch.NewDisposeScope()

            let returning (distances: Tensor) (indices: Tensor) =
                { new KnnFunc() with
                    member _.Search(_, _, _, _) = new Neighbours(distances, indices)
                }

            let good = torch.zeros (12L, 2L, dtype = torch.int64)

            for text, indices in
                [
                    "outside of 0 to 19", good + 20L.ToScalar()
                    "outside of 0 to 19", good - 1L.ToScalar()
                    "must return 2 neighbours", good.narrow (1L, 0L, 1L)
                    "must return 2 neighbours", good.to_type torch.int32
                    "of 11 queries", good.narrow (0L, 0L, 11L)
                ] do
                let knn = returning (torch.zeros (indices.shape)) indices
                use model = new InferenceModel(network, knnFunc = knn)
                model.TrainKnn(index ())

                throws<InvalidOperationException> text (fun () -> model.GetNearestNeighbors(rows 12 4, 2).Dispose())
        }
    ]

let tests =
    testList
        "embeddings that are none"
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
            testList "of models" ofModels
            testList "of others" others
        ]
