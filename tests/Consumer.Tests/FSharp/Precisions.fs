/// The page on precision.
module PictureShop.Precisions

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private pictures =
    torch.rand ([| 80L; 64L |], generator = new torch.Generator(1UL))

let private labels = Array.init 80 (fun index -> int64 (index % 10))

let tests =
    testList
        "precision"
        [
            test "bfloat16" {
                let trunk, embedder = torch.nn.Linear(64L, 64L), torch.nn.Linear(64L, 32L)

                let run =
                    Setup.prepare
                        MetricLossOnly.recipe
                        (RunOptions(
                            Models = Models(Trunk = trunk, Embedder = embedder),
                            LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss(margin = 0.1)),
                            Optimizers =
                                Optimizers(Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3)),
                            BatchSize = 40,
                            Dataset = TrainingData.FromTensors(pictures, labels),
                            Precision = Precision.BFloat16
                        ))

                use _ = Session.Start run
                use state = Run.steps run 2 run.State
                Expect.isFalse state.LossScale.HasValue "it needs no scale"
            }
        ]
