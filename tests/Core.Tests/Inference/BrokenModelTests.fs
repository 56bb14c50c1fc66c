/// Law 12 where samples are embedded: embeddings that are not finite, or none at all, are refused in words.
module MetricLearning.Core.Tests.Inference.BrokenModelTests

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
open MetricLearning.Core.Tests.Support.BrokenRows

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
                        Card = readOnlyDict []
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

let tests = testList "embeddings that are none, of models" (ofModels @ others)
