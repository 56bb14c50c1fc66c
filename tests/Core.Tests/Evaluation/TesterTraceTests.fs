/// Testers change nothing.
module MetricLearning.Core.Tests.Evaluation.TesterTraceTests

open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.Neighbourhoods
open MetricLearning.Core.Tests.Support.TesterCases

let private losses () : KeyValuePair<string, Loss>[] =
    let embedding = int EmbeddingNetworks.size

    [|
        KeyValuePair("triplet", new TripletMarginLoss())
        KeyValuePair("p2s", new P2SGradLoss(embedding, 4))
        KeyValuePair("arc", new ArcFaceLoss(4, embedding))
        KeyValuePair("soft margin", new DynamicSoftMarginLoss())
    |]

let private bits (modules: torch.nn.Module seq) =
    [
        for each in modules do
            "training", string each.training

            for struct (name, parameter) in each.named_parameters () do
                name, EmbeddingNetworks.bitsOf parameter

            for struct (name, buffer) in each.named_buffers () do
                name, EmbeddingNetworks.bitsOf buffer
    ]

let tests =
    testList
        "traces of testers"
        [
            testSequenced
            <| test "nothing changes: modes, weights, buffers, losses, random streams, live tensors" {
                let trunk, embedder =
                    (EmbeddingNetworks.trunk (): Modules.Sequential), EmbeddingNetworks.embedder ()

                let losses = losses ()

                let modules: torch.nn.Module list =
                    [
                        yield trunk
                        yield embedder
                        for entry in losses do
                            yield entry.Value
                    ]

                trunk.train true |> ignore
                embedder.train false |> ignore

                let options =
                    TestOptions(
                        LossFuncs = Dictionary losses,
                        Pca = 2,
                        BatchSize = 10,
                        DataloaderNumWorkers = 0,
                        VisualizerHook = ignore
                    )

                let data = datasets [ "train", dataset 1 fine; "val", dataset 2 fine ]

                let tester = Tester(EmbeddingSpace.Global, options)

                let run () =
                    tester.Test(data, 1, trunk, embedder, [| SplitToEval("val", [| "train"; "val" |]) |])

                // What is made once, at first use.
                let expected = run ()

                let weights, generator, live =
                    bits modules, EmbeddingNetworks.generator (), liveTensors ()

                let found = run ()
                Expect.equal (liveTensors ()) live "live tensors"
                Expect.equal (bits modules) weights "modes, weights and buffers"
                Expect.equal (EmbeddingNetworks.generator ()) generator "the user's random numbers"

                for entry in expected["val"] do
                    Expect.equal (valueOf found entry.Key) entry.Value.Value $"{entry.Key}, again"
            }

            testSequenced
            <| test "embeddings belong to the caller, as a test sees them" {
                let before = liveTensors ()
                let data = dataset 1 fine
                let tester = Tester(EmbeddingSpace.Global, TestOptions(Pca = 2))
                let found = tester.GetAllEmbeddings(data, identity)
                Expect.equal (liveTensors ()) (before + 3L) "data, embeddings and labels"
                Expect.equal found.Embeddings.shape [| rows; 2L |] "embeddings"
                Expect.equal found.Labels.shape [| rows; 1L |] "labels"
                use lengths = found.Embeddings.norm 1
                Expect.isTrue (lengths.allclose (torch.ones rows)) "of length 1"
                found.Dispose()
                (raw data).Dispose()
            }
        ]
