/// Trained networks in use.
module MetricLearning.Core.Tests.Inference.ModelTests

open MetricLearning.Core.Tests.Support
open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Distances
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

let private inputs (count: int64) (data: Tensor) =
    Dataset.unlabelled (data.narrow (0L, 0L, count))

/// A model over fresh networks, with what it is asked about.
let private using' settings act =
    use _ = torch.NewDisposeScope()
    use trunk = trunk ()
    use embedder = embedder ()
    use model = new InferenceModel(EmbeddingModel(trunk, embedder), settings)
    act model (data 40L)

let private byHand (model: InferenceModel) (data: Tensor) =
    let network (layer: torch.nn.Module | null) =
        nonNull layer :?> torch.nn.Module<Tensor, Tensor>

    embedByHand [ network model.Model.Trunk; network model.Model.Embedder ] data
    |> fun embeddings -> torch.nn.functional.normalize (embeddings, 2.0, 1L)

let private near (expected: Tensor) (actual: Tensor) (message: string) =
    Expect.sequenceEqual actual.shape expected.shape message
    Expect.isLessThan ((actual - expected).abs().max().ToDouble()) 1e-6 message

let private embedding =
    let settings = InferenceSettings.Default

    [
        test "inputs may be tensors, samples with whatever labels, or without" {
            using' settings (fun model data ->
                let expected = byHand model data
                let rows = [| for row in 0L .. 39L -> data[row] |]

                for name, dataset in
                    [
                        "a tensor", Dataset.unlabelled data
                        "rows", Dataset.ofSamples rows
                        "pairs", Dataset.ofFunction 40L (fun index _ -> [| box rows[int index]; box "anything" |])
                        "lists", Dataset.ofFunction 40L (fun index _ -> [| rows[int index] |])
                        "tensors with words", Dataset.ofTensors data (Array.create 40 "word")
                        "a dictionary",
                        Dataset.ofFunction 40L (fun index _ ->
                            let sample = System.Collections.Generic.Dictionary<string, obj>()
                            sample["data"] <- rows[int index]
                            sample["label"] <- "anything"
                            sample)
                    ] do
                    near expected (model.GetEmbeddings(dataset, 7)) name)
        }

        test "the user's functions find the data" {
            let collated =
                Func<_, obj>(fun (samples: System.Collections.Generic.IReadOnlyList<obj>) ->
                    dict [ "inputs", torch.stack [| for sample in samples -> sample :?> Tensor |] ])

            let found =
                Func<obj, struct (obj * obj)>(fun batch ->
                    struct ((batch :?> System.Collections.Generic.IDictionary<string, Tensor>)["inputs"], "no labels"))

            let settings =
                { settings with
                    Reading =
                        { Reading.Default with
                            CollateFn = collated
                            DataAndLabelGetter = found
                        }
                }

            using' settings (fun model data ->
                let rows = [| for row in 0L .. 39L -> data[row] |]
                near (byHand model data) (model.GetEmbeddings(Dataset.ofSamples rows, 7)) "embeddings")
        }

        test "with labels, as a stream or in one" {
            using' settings (fun model data ->
                let dataset =
                    Dataset.ofTensors data (Array2D.init 40 2 (fun row level -> int64 (row + level)))

                let whole = model.GetLabelledEmbeddings(dataset, 16)
                near (byHand model data) whole.Embeddings "embeddings"
                Expect.sequenceEqual whole.Labels.shape [ 40L; 2L ] "labels"

                let sizes =
                    [
                        for batch in model.StreamEmbeddings(dataset, 16) -> (use b = batch in b.Labels.size 0)
                    ]

                Expect.equal sizes [ 16L; 16L; 8L ] "a stream")
        }
    ]

let private searching =
    let settings = InferenceSettings.Default

    [
        testProperty "neighbours are the nearest embeddings, in whatever portions they were added"
        <| fun (PositiveInt k) (portions: NonNegativeInt list) ->
            using' settings (fun model data ->
                let reference = data.narrow (0L, 0L, 30L)
                model.TrainKnn(inputs 1L data, 64)
                let mutable filled = 1L

                for NonNegativeInt portion in portions do
                    let count = min (int64 portion % 8L) (30L - filled)

                    if count > 0L then
                        model.AddToKnn(Dataset.unlabelled (reference.narrow (0L, filled, count)), 3)
                        filled <- filled + count

                if filled < 30L then
                    model.AddToKnn(Dataset.unlabelled (reference.narrow (0L, filled, 30L - filled)), 64)

                Expect.equal model.IndexCount 30L "all"
                let k = 1 + k % 30
                let found = model.GetNearestNeighbors(Dataset.unlabelled data, k, 64)
                let query = byHand model data
                let distances = torch.cdist (query, query.narrow (0L, 0L, 30L))

                let struct (expected, _) =
                    (distances * distances).topk(k, 1, largest = false, sorted = true)

                near expected found.Distances "squared distances"
                let own = found.Indices.narrow(0L, 0L, 30L).select(1L, 0L)
                Expect.equal (numbers own) [| 0L .. 29L |] "each is nearest to itself")

        test "training begins the index anew" {
            using' settings (fun model data ->
                model.TrainKnn(inputs 9L data, 64)
                model.TrainKnn(inputs 5L data, 64)
                Expect.equal model.IndexCount 5L "the new")
        }

        test "by a function of the user's" {
            let asked = ResizeArray()

            let settings =
                { settings with
                    KnnFunc =
                        { new KnnFunc() with
                            override _.Search(query, k, reference, refIncludesQuery) =
                                asked.Add((query.size 0, k, reference.size 0, refIncludesQuery))
                                let nothing = torch.zeros (query.size 0, k)
                                new Neighbours(nothing, nothing.to_type torch.int64)
                        }
                }

            using' settings (fun model data ->
                model.TrainKnn(inputs 9L data, 64)
                let found = model.GetNearestNeighbors(inputs 4L data, 2, 64)
                Expect.sequenceEqual found.Indices.shape [ 4L; 2L ] "its result"
                Expect.sequenceEqual asked [ 4L, 2L, 9L, false ] "the index")
        }

        test "mistakes are named" {
            using' settings (fun model data ->
                throws<InvalidOperationException> "no index" (fun () ->
                    model.GetNearestNeighbors(inputs 4L data, 2, 64) |> ignore)

                throws<InvalidOperationException> "no index" (fun () -> model.SaveKnnFunc "nowhere")
                model.TrainKnn(inputs 9L data, 64)

                throws<ArgumentException> "k is 10, but there are 9" (fun () ->
                    model.GetNearestNeighbors(inputs 4L data, 10, 64) |> ignore)

                model.Dispose()

                for act in
                    [
                        fun () -> model.TrainKnn(inputs 9L data, 64)
                        fun () -> model.GetNearestNeighbors(inputs 9L data, 1, 64) |> ignore
                        fun () -> model.GetEmbeddings(inputs 9L data, 64) |> ignore
                        fun () -> model.Save "nowhere"
                    ] do
                    Expect.throwsT<ObjectDisposedException> act "disposed")
        }
    ]

let private matching =
    [
        test "by the finder's threshold or another" {
            using' InferenceSettings.Default (fun model data ->
                let embeddings = byHand model data
                let cosines = embeddings.mm (embeddings.t ())

                for threshold in [ Nullable(); Nullable 0.3 ] do
                    let limit = if threshold.HasValue then threshold.Value else 0.9
                    let all = Dataset.unlabelled data
                    let expected = numbers (cosines.ge (limit.ToScalar()))
                    Expect.equal (numbers (model.GetMatches(all, threshold, 64))) expected "themselves"
                    let some = model.GetMatches(all, inputs 9L data, threshold, 64)
                    let expected = numbers (cosines.narrow(1L, 0L, 9L).ge(limit.ToScalar()))
                    Expect.equal (numbers some) expected "others"
                    let tuples = model.GetMatchingTuples(all, inputs 9L data, threshold, 64)
                    Expect.equal tuples.LongLength (Array.sum expected) "tuples"
                    let other = Dataset.unlabelled (data.flip 0L)
                    let expected = numbers (cosines.flip(0L).diagonal().ge(limit.ToScalar()))
                    let pairs = model.IsMatch(all, other, threshold, 64)
                    Expect.equal [| for found in pairs -> if found then 1L else 0L |] expected "pairs")
        }

        test "by a threshold that was calibrated" {
            using' InferenceSettings.Default (fun model data ->
                let labels =
                    Array2D.init 40 2 (fun row level -> if level = 0 then 0L else int64 row % 3L)

                let dataset = Dataset.ofTensors data labels
                let seed = Seed.ofInt64 1L
                let goal = CalibrationGoal.FalseAcceptRate 0.1
                let chosen = model.CalibrateThreshold(dataset, goal, 1, 10_000L, seed, 64)
                Expect.equal model.MatchFinder.Threshold (Nullable chosen.Threshold) "is the finder's"

                let matches =
                    model.GetMatchingTuples(Dataset.unlabelled data, Dataset.unlabelled data, Nullable(), 64)

                let wrong =
                    matches
                    |> Array.filter (fun (struct (one, other)) ->
                        one < other && labels[int one, 1] <> labels[int other, 1])

                Expect.equal (float wrong.Length / float chosen.Negatives) chosen.FalseAcceptRate "as it said"
                Expect.isLessThanOrEqual chosen.FalseAcceptRate 0.1 "as wanted"

                throws<ArgumentException> "780 are of one class" (fun () ->
                    model.CalibrateThreshold(dataset, goal, 0, 10_000L, seed, 64) |> ignore)

                Expect.equal model.MatchFinder.Threshold (Nullable chosen.Threshold) "a failure changes nothing")
        }
    ]

let private traces =
    test "nothing stays behind" {
        use trunk = trunk ()
        use embedder = embedder ()
        (Seq.item 1 (trunk.children ())).eval()
        use rows = data 30L
        let all = Dataset.unlabelled rows
        let path = IO.Path.GetTempFileName()
        let before = everythingOf [ trunk; embedder ]

        leavesNoTensors (fun () ->
            use model =
                new InferenceModel(EmbeddingModel(trunk, embedder), InferenceSettings.Default)

            model.GetEmbeddings(all, 8).Dispose()
            model.TrainKnn(all, 8)
            model.AddToKnn(all, 8)
            model.GetNearestNeighbors(all, 3, 8).Dispose()
            model.GetMatches(all, Nullable(), 8).Dispose()
            model.GetMatches(all, all, Nullable(), 8).Dispose()
            model.GetMatchingTuples(all, all, Nullable(), 8) |> ignore
            model.IsMatch(all, all, Nullable(), 8) |> ignore

            model.CalibrateThreshold(
                Dataset.ofTensors rows [| for row in 0..29 -> row % 4 |],
                CalibrationGoal.F1,
                0,
                10_000L,
                Seed.ofInt64 1L,
                8
            )
            |> ignore

            model.Save path
            model.Load path
            model.SaveKnnFunc path
            model.LoadKnnFunc path
            throws<IO.InvalidDataException> "not an inference model" (fun () -> model.Load path))

        Expect.equal (everythingOf [ trunk; embedder ]) before "modes, weights, statistics and stream"
        IO.File.Delete path
    }

let tests =
    testList
        "a model in use"
        [
            testList "embedding" embedding
            testList "searching" searching
            testList "matching" matching
            traces
        ]
