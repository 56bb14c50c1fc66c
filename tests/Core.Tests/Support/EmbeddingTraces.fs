/// What embedding data sets leaves behind, and refuses.
module MetricLearning.Core.Tests.Support.EmbeddingTraces

open System
open Expecto
open FsCheck
open TorchSharp
open MetricLearning
open MetricLearning.Core
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

let private traces =
    let looks (act: EmbeddingModel -> TrainingData -> unit) =
        use trunk = trunk ()
        use embedder = embedder ()
        (Seq.item 1 (trunk.children ())).eval()
        use rows = data 30L
        let dataset = samplesOf rows [| 0L .. 29L |]
        let model = EmbeddingModel(trunk, embedder)
        let before = everythingOf [ trunk; embedder ]
        leavesNoTensors (fun () -> act model dataset)
        Expect.equal (everythingOf [ trunk; embedder ]) before "modes, weights, statistics and stream"

    let failing after =
        let calls = ref 0

        new Function(
            "failing",
            fun input ->
                calls.Value <- calls.Value + 1

                if calls.Value % after = 0 then
                    raise (NotSupportedException "no")

                torch.rand_like input
        )

    [
        for workers in [ 0; 2 ] do
            let options = { options with Workers = workers }

            test $"nothing stays behind, with {workers} workers" {
                looks (fun model dataset -> (DatasetEmbeddings.compute model options dataset).Dispose())
                looks (fun model dataset -> DatasetEmbeddings.stream model options dataset |> indicesOf |> ignore)
            }

            test $"nor when a stream is left, or a network fails, with {workers} workers" {
                looks (fun model dataset -> (DatasetEmbeddings.stream model options dataset |> Seq.head).Dispose())

                looks (fun model dataset ->
                    use failing = failing 3

                    Expect.throwsT<NotSupportedException>
                        (fun () ->
                            (DatasetEmbeddings.compute (EmbeddingModel(model.Trunk, failing)) options dataset)
                                .Dispose())
                        "the network's error")
            }

        test "tensors belong to the dispose scope in which they were asked for" {
            use trunk = trunk ()
            use rows = data 9L

            leavesNoTensors (fun () ->
                use _ = torch.NewDisposeScope()

                DatasetEmbeddings.compute
                    (EmbeddingModel(trunk, null))
                    options
                    (TrainingData.FromTensors(rows, [| 0L .. 8L |]))
                |> ignore)
        }
    ]

let private mistakes =
    let rows = lazy (data 9L)

    let embeds (trunk: torch.nn.Module) (dataset: TrainingData) =
        (DatasetEmbeddings.compute (EmbeddingModel(trunk, null)) options dataset).Dispose()

    let good () =
        TrainingData.FromTensors(rows.Value, [| 0L .. 8L |])

    [
        test "are named" {
            use trunk = trunk ()
            use list = new Modules.ModuleList<torch.nn.Module>()
            use cube = new Function("cube", (fun input -> input.unsqueeze 1L))
            use short = new Function("short", (fun input -> input.narrow (0L, 0L, 1L)))
            use two = new Function2("two", (fun one _ -> one))
            let empty = TrainingData.FromSamples([]: int list)
            throws<ArgumentException> "no samples" (fun () -> embeds trunk empty)

            throws<ArgumentException> "8 labels" (fun () ->
                embeds trunk (TrainingData.FromTensors(rows.Value, [| 0..7 |])))

            throws<ArgumentException> "batch size is 0" (fun () ->
                (DatasetEmbeddings.compute (EmbeddingModel(trunk, null)) { options with BatchSize = 0 } (good ()))
                    .Dispose())

            throws<ArgumentException> "no forward pass" (fun () -> EmbeddingModel(list, null) |> ignore)
            throws<ArgumentException> "no forward pass" (fun () -> EmbeddingModel(trunk, list) |> ignore)
            throws<ArgumentException> "takes 2 input tensors" (fun () -> EmbeddingModel(trunk, two) |> ignore)
            throws<InvalidOperationException> "3 dimensions" (fun () -> embeds cube (good ()))
            throws<InvalidOperationException> "must be 7" (fun () -> embeds short (good ()))

            throws<InvalidOperationException> "takes 2 input tensor(s), but a sample has 1" (fun () ->
                embeds two (good ()))

            Expect.throwsC
                (fun () ->
                    use wide = torch.zeros (9L, 9L)
                    embeds trunk (TrainingData.FromTensors(wide, [| 0L .. 8L |])))
                (fun error ->
                    Expect.stringContains error.Message "trunk cannot take an input of Float32 [7 × 9]" "the input"
                    Expect.isFalse (error.Message.Contains "frame #") "libtorch's calls are left out")

            let gone = EmbeddingNetworks.trunk ()
            gone.Dispose()
            throws<ArgumentException> "trunk was disposed" (fun () -> EmbeddingModel(gone, null) |> ignore)
        }

        test "outputs that are as wide in one batch as in no other" {
            use growing =
                new Function("growing", (fun input -> torch.zeros (input.size 0, input.size 0)))

            throws<InvalidOperationException> "2 rows of 2 after 7 rows of 7" (fun () -> embeds growing (good ()))
        }
    ]

let tests = traces @ mistakes
