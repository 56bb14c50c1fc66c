/// The page of every trainer.
module PictureShop.Guides

open System
open System.Threading
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let withClassifier (ctx: Context) : Embedded -> Losses =
    Mining.mine ctx >> (Objective.metric ctx <+> Objective.classifier ctx)

let acrossStreams (ctx: Context) : TwoStreams -> Losses =
    TwoStream.mine ctx >> Objective.metric ctx

let stage (ctx: Context) (number: int) (pool: Tuples) (section: Embedded) : struct (Tuples * Losses) =
    let mined = Mining.mineWithin (Keys.numbered "tuple_miner" number) pool ctx section
    struct (mined.Tuples, Objective.metricAs (Keys.numbered "metric_loss" number) ctx mined)

let cascade (sizes: int list) (ctx: Context) : Embedded -> Losses = Cascade.fold sizes (stage ctx)

let together (options: RunOptions) : Run =
    let processes = Processes.join ()
    Setup.prepare MetricLossOnly.recipe (RunOptions(options, Processes = processes))

let private pictures =
    torch.rand ([| 80L; 64L |], generator = new torch.Generator(1UL))

let private labels = Array.init 80 (fun index -> int64 (index % 10))
let private trunk () = torch.nn.Linear(64L, 64L)
let private embedder () = torch.nn.Linear(64L, 32L)

let private trains (losses: string list) (run: Run) =
    use session = Session.Start run

    for _ in session.Train(None, 5, CancellationToken.None) do
        ()

    let means = Progress.epochMeans session.Progress
    Expect.equal (means.Keys |> List.ofSeq |> List.sort) (List.sort ("total_loss" :: losses)) "losses"

    // A single loss may have become 0 for every triplet: how the networks start is chance.
    for loss in losses do
        Expect.isGreaterThanOrEqual means[loss] 0.0 loss

    Expect.isGreaterThan means["total_loss"] 0.0 "the sum of all losses"

let private metricLossOnly =
    test "MetricLossOnly" {
        let trunk, embedder = trunk (), embedder ()

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk, Embedder = embedder),
                    LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss()),
                    Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3)),
                    BatchSize = 40,
                    Dataset = TrainingData.FromTensors(pictures, labels),
                    MiningFuncs = MiningFuncs(TupleMiner = MultiSimilarityMiner(epsilon = 0.1))
                ))

        trains [ "metric_loss" ] run
    }

let private trainWithClassifier =
    test "TrainWithClassifier" {
        let trunk, embedder = trunk (), embedder ()
        let classifier = torch.nn.Linear(32L, 10L)

        let run =
            Setup.prepare
                TrainWithClassifier.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk, Embedder = embedder, Classifier = classifier),
                    LossFuncs =
                        LossFuncs(MetricLoss = new TripletMarginLoss(), ClassifierLoss = torch.nn.CrossEntropyLoss()),
                    Optimizers =
                        Optimizers(
                            Trunk = PureOptimizer.Adam(1e-3),
                            Embedder = PureOptimizer.Adam(1e-3),
                            Classifier = PureOptimizer.Adam(1e-3)
                        ),
                    BatchSize = 40,
                    Dataset = TrainingData.FromTensors(pictures, labels),
                    LossWeights = LossWeights(MetricLoss = 1.0, ClassifierLoss = 0.5)
                ))

        trains [ "metric_loss"; "classifier_loss" ] run

        let own =
            Recipe.custom
                [ "trunk"; "classifier" ]
                [ "metric_loss"; "classifier_loss" ]
                []
                Embedding.embed
                withClassifier

        trains
            [ "metric_loss"; "classifier_loss" ]
            (Setup.prepare
                own
                (RunOptions(
                    Models = Models(Trunk = trunk, Classifier = torch.nn.Linear(64L, 10L)),
                    LossFuncs =
                        LossFuncs(MetricLoss = new TripletMarginLoss(), ClassifierLoss = torch.nn.CrossEntropyLoss()),
                    Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3)),
                    BatchSize = 40,
                    Dataset = TrainingData.FromTensors(pictures, labels)
                )))
    }

let private cascadedEmbeddings =
    test "CascadedEmbeddings" {
        let trunk, embedder = trunk (), torch.nn.Linear(64L, 48L)

        let options =
            RunOptions(
                Models = Models(Trunk = trunk, Embedder = embedder),
                LossFuncs =
                    LossFuncs.Of
                        [
                            "metric_loss_0", new ContrastiveLoss(posMargin = 0.0, negMargin = 0.5)
                            "metric_loss_1", new MultiSimilarityLoss()
                            "metric_loss_2", new CircleLoss()
                        ],
                Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3)),
                BatchSize = 40,
                Dataset = TrainingData.FromTensors(pictures, labels),
                MiningFuncs =
                    MiningFuncs.Of
                        [
                            "tuple_miner_1", MultiSimilarityMiner(epsilon = 0.1)
                            "tuple_miner_2", HDCMiner(filterPercentage = 0.25)
                        ],
                Seed = 1L
            )

        let run = Setup.prepare (CascadedEmbeddings.recipe [ 16; 16; 16 ]) options

        trains [ "metric_loss_0"; "metric_loss_1"; "metric_loss_2" ] run

        use _ = torch.NewDisposeScope()
        let handles = (Setup.prepare (CascadedEmbeddings.recipe [ 16; 16; 16 ]) options)

        let losses halves =
            (Iteration.step { handles.Recipe with Halves = halves } handles.Handles handles.State).Progress.Losses

        Expect.equal
            (losses (Halves.cut Embedding.embed (cascade [ 16; 16; 16 ])))
            (losses handles.Recipe.Halves)
            "the composition that the page shows"
    }

let private twoStreamMetricLoss =
    test "TwoStreamMetricLoss" {
        let trunk, embedder = trunk (), embedder ()
        let sketches, photos = pictures, pictures + 0.1

        let options =
            RunOptions(
                Models = Models(Trunk = trunk, Embedder = embedder),
                LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss()),
                Optimizers = Optimizers(Trunk = PureOptimizer.Adam(1e-3), Embedder = PureOptimizer.Adam(1e-3)),
                BatchSize = 40,
                Dataset = TrainingData.FromTensors([ sketches; photos ], labels)
            )

        let run = Setup.prepare TwoStreamMetricLoss.recipe options

        trains [ "metric_loss" ] run

        trains
            [ "metric_loss" ]
            { Setup.prepare TwoStreamMetricLoss.recipe options with
                Recipe =
                    { TwoStreamMetricLoss.recipe with
                        Halves = Halves.cut TwoStream.embed acrossStreams
                    }
            }
    }

let private deepAdversarial =
    test "DeepAdversarialMetricLearning" {
        let trunk, embedder = trunk (), embedder ()

        let generator =
            torch.nn.Sequential(
                torch.nn.Linear(3L * 64L, 64L) :> torch.nn.Module<torch.Tensor, torch.Tensor>,
                torch.nn.ReLU(),
                torch.nn.Linear(64L, 64L)
            )

        let phases =
            {
                MetricAloneEpochs = 2
                GeneratorAloneEpochs = 2
                TripletsPerAnchor = Nullable 5
            }

        let run =
            Setup.prepare
                (DeepAdversarialMetricLearning.recipe phases)
                (RunOptions(
                    Models = Models(Trunk = trunk, Embedder = embedder, Generator = generator),
                    LossFuncs =
                        LossFuncs(
                            MetricLoss = new TripletMarginLoss(),
                            GAdvLoss = new TripletMarginLoss(),
                            SynthLoss = new TripletMarginLoss()
                        ),
                    Optimizers =
                        Optimizers(
                            Trunk = PureOptimizer.Adam(1e-3),
                            Embedder = PureOptimizer.Adam(1e-3),
                            Generator = PureOptimizer.Adam(1e-3)
                        ),
                    BatchSize = 40,
                    Dataset = TrainingData.FromTensors(pictures, labels)
                ))

        trains [ "metric_loss"; "g_adv_loss"; "g_hard_loss"; "g_reg_loss"; "synth_loss" ] run
    }

let tests =
    testList
        "guides"
        [
            metricLossOnly
            trainWithClassifier
            cascadedEmbeddings
            twoStreamMetricLoss
            deepAdversarial
        ]
