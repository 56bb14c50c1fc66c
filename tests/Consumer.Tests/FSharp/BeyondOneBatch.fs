/// The page on large batches.
module PictureShop.BeyondOneBatch

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private pictures =
    torch.rand ([| 4096L; 64L |], generator = new torch.Generator(1UL))

let private labels = Array.init 4096 (fun index -> int64 (index % 10))

let tests =
    testList
        "beyond one batch"
        [
            test "micro-batches train" {
                let trunk, embedder = torch.nn.Linear(64L, 64L), torch.nn.Linear(64L, 32L)

                let run =
                    Setup.prepare
                        MetricLossOnly.recipe
                        (RunOptions(
                            Models = Models(Trunk = trunk, Embedder = embedder),
                            LossFuncs = LossFuncs(MetricLoss = new NTXentLoss(temperature = 0.1)),
                            Optimizers =
                                Optimizers(Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3)),
                            BatchSize = 2048,
                            MicroBatchSize = 64,
                            Dataset = TrainingData.FromTensors(pictures, labels)
                        ))

                use _ = Session.Start run
                use state = Run.steps run 2 run.State
                Expect.isGreaterThan state.Progress.Losses["metric_loss"] 0.0 "the loss"
            }
            test "losses say how much memory they take" {
                let loss = new NTXentLoss(MaxMemory = (4L <<< 30))
                Expect.equal loss.MaxMemory (4L * 1024L * 1024L * 1024L) "bytes"
            }
            test "memory between iterations is kept" {
                TensorMemory.Keep() |> ignore
                Expect.equal (TensorMemory.Keep()) (TensorMemory.Keep()) "the same every time"
            }
        ]
