/// Embeddings of data sets as streams.
module MetricLearning.Core.Tests.Inference.StreamTests

open System
open System.Threading
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

let private indicesOf (batches: seq<EmbeddedBatch>) =
    [
        for batch in batches do
            use batch = batch
            List.ofArray batch.Indices
    ]

let tests =
    testList
        "streams of embeddings"
        [
            testPropertyWithConfig Checked.config "a stream has the same rows in batches, in the order of the data set"
            <| fun (PositiveInt count) (PositiveInt batchSize) workers ->
                let count, batchSize = 1 + count % 40, 1 + batchSize % 12
                use _ = torch.NewDisposeScope()
                use trunk = trunk ()
                let model = EmbeddingModel(trunk, null)

                let options =
                    { options with
                        BatchSize = batchSize
                        Workers = if workers then 2 else 0
                    }

                let dataset = samplesOf (data count) [| 0L .. int64 count - 1L |]
                use whole = DatasetEmbeddings.compute model options dataset
                let mutable next = 0L

                for batch in DatasetEmbeddings.stream model options dataset do
                    use batch = batch
                    let rows = batch.Embeddings.size 0
                    Expect.isLessThanOrEqual rows (int64 batchSize) "at most a batch"
                    Expect.equal batch.Indices [| next .. next + rows - 1L |] "indices"
                    Expect.equal (numbers batch.Labels) batch.Indices "labels"

                    Expect.equal
                        (bitsOf batch.Embeddings)
                        (bitsOf (whole.Embeddings.narrow (0L, next, rows)))
                        "embeddings"

                    next <- next + rows

                Expect.equal next (int64 count) "all"

            test "nothing is read before it is asked for, and a stream can be read again" {
                use _ = torch.NewDisposeScope()
                use trunk = trunk ()
                let rows = data 30L
                let read = ref 0

                let dataset =
                    TrainingData.FromSamples(
                        30L,
                        fun index _ ->
                            Interlocked.Increment read |> ignore
                            [| rows[index] :> obj; index |]
                    )

                let stream = DatasetEmbeddings.stream (EmbeddingModel(trunk, null)) options dataset
                Expect.equal read.Value 0 "before"
                (Seq.head stream).Dispose()
                Expect.equal read.Value 7 "one batch"

                let all =
                    [ [ 0L .. 6L ]; [ 7L .. 13L ]; [ 14L .. 20L ]; [ 21L .. 27L ]; [ 28L; 29L ] ]

                Expect.equal (indicesOf stream) all "from the start"
                Expect.equal (indicesOf stream) all "again"
            }

            test "a cancelled token ends it" {
                use _ = torch.NewDisposeScope()
                use trunk = trunk ()
                use source = new CancellationTokenSource()

                let options =
                    { options with
                        CancellationToken = source.Token
                    }

                let dataset = TrainingData.FromTensors(data 30L, [| 0L .. 29L |])

                Expect.throwsT<OperationCanceledException>
                    (fun () ->
                        for batch in DatasetEmbeddings.stream (EmbeddingModel(trunk, null)) options dataset do
                            batch.Dispose()
                            source.Cancel())
                    "between batches"
            }
        ]
