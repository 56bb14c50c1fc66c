/// Embeddings of data sets.
module MetricLearning.Core.Tests.Inference.EmbeddingTests

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

let private options =
    { EmbeddingOptions.defaults with
        BatchSize = 7
        NormalizeEmbeddings = false
    }

let private samplesOf (data: Tensor) (labels: int64[]) =
    TrainingData.FromSamples(data.size 0, fun index _ -> [| data[index] :> obj; labels[int index] |])

let private levels count =
    Array2D.init count 2 (fun row level -> if level = 0 then int64 row else int64 row / 3L)

let private values =
    [
        testPropertyWithConfig
            Checked.config
            "are the networks' outputs in evaluation mode, whatever the batch size and the workers"
        <| fun (PositiveInt count) (PositiveInt batchSize) workers inSamples ->
            let count = 1 + count % 40
            use _ = torch.NewDisposeScope()
            use trunk = trunk ()
            use embedder = embedder ()
            let data = data count
            let labels = [| 0L .. int64 count - 1L |]

            let dataset =
                if inSamples then
                    samplesOf data labels
                else
                    TrainingData.FromTensors(data, labels)

            use found =
                DatasetEmbeddings.compute
                    (EmbeddingModel(trunk, embedder))
                    { options with
                        BatchSize = 1 + batchSize % 12
                        Workers = if workers then 2 else 0
                    }
                    dataset

            near (embedByHand [ trunk; embedder ] data) found.Embeddings "embeddings"
            Expect.equal (numbers found.Labels) labels "labels"
            Expect.sequenceEqual found.Labels.shape [ int64 count; 1L ] "one level"
            Expect.isFalse found.Embeddings.requires_grad "gradients"

        test "without an embedder, the trunk's" {
            use _ = torch.NewDisposeScope()
            use trunk = trunk ()
            let data = data 9L

            use found =
                DatasetEmbeddings.compute
                    (EmbeddingModel(trunk, null))
                    options
                    (TrainingData.FromTensors(data, [| 0L .. 8L |]))

            near (embedByHand [ trunk ] data) found.Embeddings "embeddings"
        }

        test "of length 1 where they are asked for so, and rows of zeros stay" {
            use _ = torch.NewDisposeScope()
            use identity = new Function("identity", id)
            let data = torch.tensor (array2D [ [ 3.0f; 4.0f ]; [ 0.0f; 0.0f ] ])

            for dtype, tolerance in [ torch.float32, 1e-6; torch.float16, 1e-3 ] do
                use found =
                    DatasetEmbeddings.compute
                        (EmbeddingModel(identity, null))
                        { options with
                            NormalizeEmbeddings = true
                            Dtype = Nullable dtype
                        }
                        (TrainingData.FromTensors(data, [| 0; 1 |]))

                Expect.equal found.Embeddings.dtype dtype "dtype"

                for actual, expected in Array.zip (floats found.Embeddings) [| 0.6; 0.8; 0.0; 0.0 |] do
                    Expect.floatClose { absolute = 0.0; relative = tolerance } actual expected $"{dtype}"
        }

        test "every level of the labels has a column" {
            use _ = torch.NewDisposeScope()
            use trunk = trunk ()
            let wanted = levels 11
            let dataset = TrainingData.FromTensors(data 11L, wanted)
            use found = DatasetEmbeddings.compute (EmbeddingModel(trunk, null)) options dataset
            Expect.equal (numbers found.Labels) [| for label in Seq.cast<int64> wanted -> label |] "labels"
            Expect.sequenceEqual found.Labels.shape [ 11L; 2L ] "samples and levels"

            use outer =
                DatasetEmbeddings.compute
                    (EmbeddingModel(trunk, null))
                    { options with
                        Reading =
                            { Reading.Default with
                                Level = HierarchyLevel.One 1
                            }
                    }
                    dataset

            Expect.equal (numbers outer.Labels) [| for row in 0..10 -> wanted[row, 1] |] "one of them"
        }

        test "of chosen samples, in their order, as often as they are named" {
            use _ = torch.NewDisposeScope()
            use trunk = trunk ()
            let data = data 20L
            let samples = [| 3L; 19L; 3L; 0L; 7L; 8L; 9L; 1L; 2L |]
            let dataset = TrainingData.FromTensors(data, [| 0L .. 19L |])

            use found =
                DatasetEmbeddings.ofSamples (EmbeddingModel(trunk, null)) options dataset samples

            near (embedByHand [ trunk ] (data[torch.tensor samples])) found.Embeddings "embeddings"
            Expect.equal (numbers found.Labels) samples "labels"
        }

        test "samples of several inputs, or of several streams" {
            use _ = torch.NewDisposeScope()
            let one, other = data 10L, (data 10L).flip 0L
            let dataset = TrainingData.FromTensors([ one; other ], [| 0L .. 9L |])
            use difference = new Function2("difference", (fun one other -> one - other))

            use together =
                DatasetEmbeddings.compute (EmbeddingModel(difference, null)) options dataset

            near (one - other) together.Embeddings "both in one"
            use trunk = trunk ()

            let streams =
                DatasetEmbeddings.computeStreams 2 (EmbeddingModel(trunk, null)) options dataset

            near (embedByHand [ trunk ] one) streams[0].Embeddings "the first"
            near (embedByHand [ trunk ] other) streams[1].Embeddings "the second"
            streams[0].Dispose()
            Expect.equal (numbers streams[1].Labels) [| 0L .. 9L |] "labels, each their own"
            streams[1].Dispose()
        }

        test "a network that passes its input on does not give it away" {
            use identity = new Function("identity", id)
            let rows = data 4L

            // The collate function's own tensor is the embedding.
            let reading =
                { Reading.Default with
                    CollateFn = Func<_, _>(fun _ -> [| box rows; box [| 0L .. 3L |] |] :> obj)
                }

            let options = { options with Reading = reading }
            let dataset = TrainingData.FromSamples([ 0; 1; 2; 3 ])

            let batch =
                DatasetEmbeddings.stream (EmbeddingModel(identity, null)) options dataset
                |> Seq.exactlyOne

            Expect.equal (bitsOf batch.Embeddings) (bitsOf rows) "the input"
            batch.Dispose()
            Expect.isFalse rows.IsInvalid "still alive"
            rows.Dispose()
        }
    ]

let tests =
    testList
        "embeddings of a data set"
        [
            testList "values" values
            testList "traces and mistakes" EmbeddingTraces.tests
        ]
