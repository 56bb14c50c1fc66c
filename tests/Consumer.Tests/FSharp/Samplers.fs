/// The page of samplers.
module PictureShop.Samplers

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private pictures =
    torch.rand ([| 160L; 12L |], generator = new torch.Generator(1UL))

let private labels = Array.init 160 (fun row -> int64 (row % 20))

let tests =
    testList
        "samplers"
        [
            test "hard negatives make batches" {
                let trunk, embedder = torch.nn.Linear(12L, 8L), torch.nn.Linear(8L, 4L)
                let dataset = TrainingData.FromTensors(pictures, labels)

                let common =
                    RunOptions(
                        Models = Models(Trunk = trunk, Embedder = embedder),
                        Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-4, Embedder = PureOptimizer.Adam 1e-3),
                        LossFuncs = LossFuncs(MetricLoss = new MultiSimilarityLoss()),
                        BatchSize = 32,
                        Dataset = dataset
                    )

                let sampler =
                    HardNegativeBatchSampler(
                        labels,
                        4,
                        32,
                        dataset,
                        trunk,
                        embedder,
                        refreshEvery = 500,
                        options = HardNegativeOptions(SkipNearest = 2, RelativeMargin = 0.05)
                    )

                let options = RunOptions(common, Sampler = sampler)

                let run = Setup.prepare MetricLossOnly.recipe options
                use after = Run.step run run.State
                Expect.isGreaterThan after.Losses["metric_loss"] 0.0 "a loss"
            }

            test "hard negatives are a list" {
                let trunk, embedder = torch.nn.Linear(12L, 8L), torch.nn.Linear(8L, 4L)
                let dataset = TrainingData.FromTensors(pictures, labels)

                use model = new InferenceModel(trunk, embedder)
                use embedded = model.GetLabelledEmbeddings dataset

                use negatives =
                    HardNegatives.Mine(embedded, HardNegativeOptions(SkipNearest = 2, RelativeMargin = 0.05))

                let rows, similarities = negatives.Indices, negatives.Similarities

                Expect.equal (rows.shape, similarities.shape) ([| 160L; 10L |], [| 160L; 10L |]) "ten of each row"
            }
        ]
