/// The page that starts from the data and the question.
module PictureShop.Choosing

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private pictures =
    torch.rand ([| 512L; 64L |], generator = new torch.Generator(1UL))

let private labelsOf (classes: int) =
    Array.init 512 (fun row -> int64 (row % classes))

let private common (classes: int) =
    RunOptions(
        Models = Models(Trunk = torch.nn.Linear(64L, 48L), Embedder = torch.nn.Linear(48L, 32L)),
        Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-4, Embedder = PureOptimizer.Adam 1e-3),
        LossFuncs = LossFuncs(MetricLoss = new MultiSimilarityLoss()),
        BatchSize = 64,
        Dataset = TrainingData.FromTensors(pictures, labelsOf classes)
    )

let private steps (run: Run) =
    Expect.isEmpty run.Warnings "nothing is doubtful"
    use after = Run.step run run.State
    Expect.isGreaterThan after.Losses["metric_loss"] 0.0 "a loss"

let private trains (options: RunOptions) =
    Setup.prepare MetricLossOnly.recipe options |> steps

let private byDefault =
    test "the default" {
        let trunk = torch.nn.Linear(64L, 48L)
        let embedder = torch.nn.Linear(48L, 32L)
        let labels = labelsOf 16
        let dataset = TrainingData.FromTensors(pictures, labels)

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk, Embedder = embedder),
                    Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-4, Embedder = PureOptimizer.Adam 1e-3),
                    BatchSize = 64,
                    LossFuncs = LossFuncs(MetricLoss = new MultiSimilarityLoss()),
                    MiningFuncs = MiningFuncs(TupleMiner = MultiSimilarityMiner()),
                    Dataset = dataset,
                    Sampler = MPerClassSampler(labels, 4, 64, int64 labels.Length)
                ))

        steps run
    }

let private manyClasses =
    test "many classes, few samples of each" {
        let labels = labelsOf 256
        let common = common 256

        let options =
            RunOptions(
                common,
                LossFuncs = LossFuncs(MetricLoss = new NTXentLoss(temperature = 0.1)),
                BatchSize = 512,
                MicroBatchSize = 64,
                Sampler = MPerClassSampler(labels, 2, 512, int64 labels.Length)
            )

        trains options
    }

let private fixedClasses =
    test "a fixed set of classes" {
        let common = common 100

        let options =
            RunOptions(
                common,
                LossFuncs = LossFuncs(MetricLoss = new ProxyAnchorLoss(numClasses = 100, embeddingSize = 32)),
                Optimizers =
                    Optimizers(
                        Trunk = PureOptimizer.Adam 1e-4,
                        Embedder = PureOptimizer.Adam 1e-3,
                        MetricLoss = PureOptimizer.Adam 1e-2
                    )
            )

        trains options
    }

let private memory =
    test "a memory" {
        let loss =
            new CrossBatchMemory(new ContrastiveLoss(), embeddingSize = 32, memorySize = 4096, warmUp = 100)

        trains (RunOptions(common 16, LossFuncs = LossFuncs(MetricLoss = loss)))
    }

let private noisyLabels =
    test "noisy labels" {
        let embeddings = torch.rand ([| 20L; 32L |], generator = new torch.Generator(1UL))
        let labels = torch.arange(20L).remainder(10L.ToScalar())

        let loss =
            new SubCenterArcFaceLoss(numClasses = 10, embeddingSize = 32, subCenters = 3)
        // … after training:
        let struct (outliers, centers) =
            loss.GetOutliers(embeddings, labels, threshold = 75.0)

        Expect.equal (outliers.dim (), centers.dim ()) (1L, 2L) "samples, and a centre for each class"
    }

let private noLabels =
    test "no labels" {
        let options = common 1

        let samples =
            TrainingData.FromSamples(
                pictures.size 0,
                fun index seed -> pictures[index] + 0.1 * seed.Random().NextDouble()
            )

        let run =
            Setup.prepare
                MultiViewMetricLoss.recipe
                (RunOptions(
                    options,
                    LossFuncs = LossFuncs(MetricLoss = new NTXentLoss(temperature = 0.2)),
                    Dataset = samples.ToViews()
                ))

        steps run
    }

let private hierarchy =
    test "a hierarchy of labels" {
        let common = common 32

        let levels =
            torch.stack (
                [|
                    torch.arange(512L).remainder(32L.ToScalar())
                    torch.arange(512L).remainder(4L.ToScalar())
                |],
                1L
            )

        let options =
            RunOptions(
                common,
                Dataset = TrainingData.FromTensors(pictures, levels),
                Sampler = HierarchicalSampler(levels, batchSize = 64, samplesPerClass = 4),
                LabelHierarchyLevel = 0
            )

        trains options
    }

let private threshold =
    test "one threshold for all" {
        use model = new InferenceModel(torch.nn.Linear(64L, 48L), torch.nn.Linear(48L, 32L))

        let validation =
            TrainingData.FromTensors(pictures.narrow (0L, 0L, 60L), (labelsOf 6)[..59])

        use loss =
            new MultipleLosses([ new MultiSimilarityLoss() :> Loss; new ThresholdConsistentMarginLoss() ])
        // … after training:
        let calibrated =
            model.CalibrateThreshold(validation, CalibrationGoal.FalseAcceptRate 0.01)

        Expect.isLessThanOrEqual calibrated.FalseAcceptRate 0.01 "as wanted"
        trains (RunOptions(common 16, LossFuncs = LossFuncs(MetricLoss = loss)))
    }

let private small =
    test "small embeddings" {
        let tester = Tester(EmbeddingSpace.Global, TestOptions(Pca = 16))

        Expect.isEmpty tester.AllAccuracies "not tested yet"
    }

let tests =
    testList
        "choosing"
        [
            byDefault
            manyClasses
            fixedClasses
            memory
            noisyLabels
            noLabels
            hierarchy
            threshold
            small
        ]
