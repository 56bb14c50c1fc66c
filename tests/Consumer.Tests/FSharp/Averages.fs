/// The page about averages of weights.
module PictureShop.Averages

open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private data =
    TrainingData.FromTensors(torch.rand (24L, 6L), torch.arange(24L).remainder(4L.ToScalar()))

let private prepared (trunk: torch.nn.Module) =
    let options =
        RunOptions(
            Models = Models(Trunk = trunk),
            Optimizers = Optimizers(Trunk = PureOptimizer.Adam(lr = 0.01)),
            BatchSize = 8,
            LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss(margin = 1.0)),
            Dataset = data,
            DataloaderNumWorkers = 0,
            Seed = 4L
        )

    let run =
        Setup.prepare
            MetricLossOnly.recipe
            (RunOptions(options, WeightAveraging = WeightAveraging.Exponential(decay = 0.999)))

    run

let private loss (trunk: torch.nn.Module<torch.Tensor, torch.Tensor>) =
    use _ = torch.NewDisposeScope()
    use loss = new TripletMarginLoss(margin = 1.0)

    loss.Compute(trunk.call (torch.ones (4L, 6L)), torch.tensor [| 0L; 0L; 1L; 1L |]).item<float32>()

let tests =
    testList
        "averages"
        [
            testCase "are what a tester may see" (fun () ->
                let trunk = torch.nn.Linear(6L, 4L)
                use session = Session.Start(prepared trunk)
                session.Step System.Threading.CancellationToken.None |> Seq.iter ignore
                let tester, embedder = Tester(EmbeddingSpace.Global), null
                let splits = Dictionary [ KeyValuePair("val", data) ]

                let accuracies =
                    session.WhileAveraged(fun () -> tester.Test(splits, session.Progress.Epoch, trunk, embedder))

                Expect.isTrue (accuracies.ContainsKey "val") "the split")
            testCase "are a state" (fun () ->
                let trunk = torch.nn.Linear(6L, 4L)
                let run = prepared trunk
                use _ = Session.Start run
                let last = Run.steps run 3 run.State

                let score = Run.score run (fun () -> loss trunk) (Run.averaged last)

                Expect.isTrue (System.Single.IsFinite score) "a number")
        ]
