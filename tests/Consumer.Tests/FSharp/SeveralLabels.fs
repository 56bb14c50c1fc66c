/// The page about several classes a sample, and re-identification.
module PictureShop.SeveralLabels

open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private labels = torch.arange(24L).remainder(4L.ToScalar())

let private pictures = torch.rand (24L, 6L)

let private tags = torch.nn.functional.one_hot (labels, 4L)

let private options (trunk: torch.nn.Module) =
    RunOptions(
        Models = Models(Trunk = trunk),
        Optimizers = Optimizers(Trunk = PureOptimizer.Adam(lr = 0.01)),
        BatchSize = 8,
        LossFuncs = LossFuncs(MetricLoss = new ContrastiveLoss()),
        Dataset = TrainingData.FromTensors(pictures, labels),
        DataloaderNumWorkers = 0,
        Seed = 4L
    )

let tests =
    testList
        "several classes"
        [
            testCase "are compared by losses, miners and testers" (fun () ->
                let trunk = torch.nn.Linear(6L, 4L)
                let options = options trunk

                let run =
                    Setup.prepare
                        MetricLossOnly.recipe
                        (RunOptions(
                            options,
                            Dataset = TrainingData.FromTensors(pictures, tags), // tags: (N × classes) of 0 and 1
                            LossFuncs =
                                LossFuncs(
                                    MetricLoss = new ContrastiveLoss(LabelComparison = LabelComparison.AnyInCommon)
                                ),
                            MiningFuncs =
                                MiningFuncs(
                                    TupleMiner = MultiSimilarityMiner(LabelComparison = LabelComparison.AnyInCommon)
                                )
                        ))

                use session = Session.Start run
                session.Step System.Threading.CancellationToken.None |> Seq.iter ignore

                let tester =
                    Tester(
                        EmbeddingSpace.Global,
                        TestOptions(
                            AccuracyCalculator =
                                AccuracyCalculator(
                                    exclude = [| "NMI"; "AMI" |],
                                    labelComparison = LabelComparison.AnyInCommon
                                )
                        )
                    )

                let data =
                    Dictionary [ KeyValuePair("val", TrainingData.FromTensors(pictures, tags)) ]

                Expect.isTrue ((tester.Test(data, 1, trunk)).ContainsKey "val") "the split")

            testCase "and levels by a function" (fun () ->
                let byLevels =
                    LabelComparison.Own(
                        matches = (fun x y -> x.select(-1L, 0L).eq(y.select (-1L, 0L))),
                        differs = (fun x y -> x.select(-1L, 1L).ne(y.select (-1L, 1L))),
                        readsRows = true
                    )

                use loss = new ContrastiveLoss(LabelComparison = byLevels)

                let levels =
                    torch.tensor (array2D [ [ 0L; 0L ]; [ 0L; 0L ]; [ 1L; 0L ]; [ 2L; 1L ] ])

                Expect.isGreaterThan ((loss.Compute(torch.eye 4L, levels)).item<float32>()) 0.0f "a loss")

            testCase "and cameras are left out" (fun () ->
                let calculator = AccuracyCalculator(exclude = [| "NMI"; "AMI" |])
                let query, gallery = torch.rand (24L, 3L), torch.rand (24L, 3L)
                let persons, others = labels, labels
                let cameras = torch.arange(24L).remainder(3L.ToScalar())
                let otherCameras = cameras

                let accuracies =
                    calculator.GetAccuracy(
                        query,
                        persons,
                        gallery,
                        others,
                        queryCameras = cameras,
                        referenceCameras = otherCameras
                    )

                Expect.isTrue (accuracies.ContainsKey "mean_average_precision") "the metric")
        ]
