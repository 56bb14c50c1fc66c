/// Trained networks in use.
module MetricLearning.Core.Tests.Inference.ModelTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks
open MetricLearning.Core.Tests.Support.InferenceModels


let private embedding =
    [
        test "inputs may be tensors, samples with whatever labels, or without" {
            using' (fun model data ->
                let expected = byHand model data
                let rows = [| for row in 0L .. 39L -> data[row] |]

                for name, dataset in
                    [
                        "rows", TrainingData.FromSamples(rows)
                        "pairs",
                        TrainingData.FromSamples(40L, fun index _ -> [| box rows[int index]; box "anything" |])
                        "lists", TrainingData.FromSamples(40L, fun index _ -> [| rows[int index] |])
                        "tensors with words", TrainingData.FromTensors(data, Array.create 40 "word")
                        "a dictionary",
                        TrainingData.FromSamples(
                            40L,
                            fun index _ ->
                                let sample = System.Collections.Generic.Dictionary<string, obj>()
                                sample["data"] <- rows[int index]
                                sample["label"] <- "anything"
                                sample
                        )
                    ] do
                    near expected (model.GetEmbeddings(dataset, 7)) name

                near expected (model.GetEmbeddings data) "a tensor")
        }

        test "the user's functions find the data" {
            let collated =
                Func<_, obj>(fun (samples: System.Collections.Generic.IReadOnlyList<obj>) ->
                    dict [ "inputs", torch.stack [| for sample in samples -> sample :?> Tensor |] ])

            let found =
                Func<obj, struct (obj * obj)>(fun batch ->
                    struct ((batch :?> System.Collections.Generic.IDictionary<string, Tensor>)["inputs"], "no labels"))

            let make (trunk, embedder) =
                new InferenceModel(trunk, embedder, collateFn = collated, dataAndLabelGetter = found)

            usingMade make (fun model data ->
                let rows = [| for row in 0L .. 39L -> data[row] |]
                near (byHand model data) (model.GetEmbeddings(TrainingData.FromSamples(rows), 7)) "embeddings")
        }

        test "with labels, as a stream or in one" {
            using' (fun model data ->
                let dataset =
                    TrainingData.FromTensors(data, Array2D.init 40 2 (fun row level -> int64 (row + level)))

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

let private matching =
    [
        test "by the finder's threshold or another" {
            using' (fun model data ->
                let embeddings = byHand model data
                let cosines = embeddings.mm (embeddings.t ())

                for threshold in [ Nullable(); Nullable 0.3 ] do
                    let limit = if threshold.HasValue then threshold.Value else 0.9
                    let all = data
                    let expected = numbers (cosines.ge (limit.ToScalar()))
                    Expect.equal (numbers (model.GetMatches(all, threshold = threshold))) expected "themselves"
                    let some = model.GetMatches(all, inputs 9L data, threshold)
                    let expected = numbers (cosines.narrow(1L, 0L, 9L).ge(limit.ToScalar()))
                    Expect.equal (numbers some) expected "others"
                    let tuples = model.GetMatchingTuples(all, inputs 9L data, threshold)
                    Expect.equal (int64 tuples.Count) (Array.sum expected) "tuples"
                    let other = data.flip 0L
                    let expected = numbers (cosines.flip(0L).diagonal().ge(limit.ToScalar()))
                    let pairs = model.IsMatch(all, other, threshold)
                    Expect.equal [| for found in pairs -> if found then 1L else 0L |] expected "pairs")
        }

        test "by a threshold that was calibrated" {
            using' (fun model data ->
                let labels =
                    Array2D.init 40 2 (fun row level -> if level = 0 then 0L else int64 row % 3L)

                let dataset = TrainingData.FromTensors(data, labels)
                let goal = CalibrationGoal.FalseAcceptRate 0.1
                let chosen = model.CalibrateThreshold(dataset, goal, 1, 10_000L, 1L)
                Expect.equal model.MatchFinder.Threshold (Nullable chosen.Threshold) "is the finder's"

                let matches = model.GetMatchingTuples(data, data)

                let wrong =
                    matches
                    |> Seq.filter (fun (struct (one, other)) ->
                        one < other && labels[int one, 1] <> labels[int other, 1])

                Expect.equal (float (Seq.length wrong) / float chosen.Negatives) chosen.FalseAcceptRate "as it said"
                Expect.isLessThanOrEqual chosen.FalseAcceptRate 0.1 "as wanted"

                throws<ArgumentException> "780 are of one class" (fun () ->
                    model.CalibrateThreshold(dataset, goal, 0, 10_000L, 1L) |> ignore)

                Expect.equal model.MatchFinder.Threshold (Nullable chosen.Threshold) "a failure changes nothing")
        }
    ]

let private traces =
    test "nothing stays behind" {
        use trunk = trunk ()
        use embedder = embedder ()
        (Seq.item 1 (trunk.children ())).eval()
        use rows = data 30L
        let all = rows
        let labelled = TrainingData.FromTensors(rows, [| for row in 0..29 -> row % 4 |])
        let path = IO.Path.GetTempFileName()
        let before = everythingOf [ trunk; embedder ]

        leavesNoTensors (fun () ->
            use model = new InferenceModel(trunk, embedder)

            model.GetEmbeddings(all, 8).Dispose()
            model.TrainKnn(all, 8)
            model.AddToKnn(all, 8)
            model.GetNearestNeighbors(all, 3, 8).Dispose()
            model.GetMatches(all, batchSize = 8).Dispose()
            model.GetMatches(all, all, batchSize = 8).Dispose()
            model.GetMatchingTuples(all, all, batchSize = 8) |> ignore
            model.IsMatch(all, all, batchSize = 8) |> ignore

            model.CalibrateThreshold(labelled, CalibrationGoal.F1, maxPairs = 10_000L, batchSize = 8)
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
    testList "a model in use" [ testList "embedding" embedding; testList "matching" matching; traces ]
