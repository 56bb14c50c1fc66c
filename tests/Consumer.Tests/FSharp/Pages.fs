module PictureShop.Pages

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// A metric loss on the embeddings, and another one on the trunk's output.
let twoLosses (ctx: Context) : Featured -> Losses =
    let asEmbeddings (featured: Featured) : Embedded =
        {
            Embeddings = featured.Features
            Labels = featured.Labels
        }

    (Embedding.ofFeatures ctx >> Mining.mine ctx >> Objective.metric ctx)
    <+> (asEmbeddings >> Mining.all >> Objective.metricAs "trunk_loss" ctx)

let recipe =
    Recipe.custom [ "trunk"; "embedder" ] [ "metric_loss"; "trunk_loss" ] [] Embedding.features twoLosses

let metricAlone (ctx: Context) : Embedded -> Losses = Mining.mine ctx >> Objective.metric ctx

let withoutDecayOfBiases =
    PureOptimizer.AdamW(1e-3).WithGroup(_.EndsWith("bias"), PureOptimizer.AdamW(1e-3, weightDecay = 0.0))

let schedules =
    LrSchedulers(
        AllByIteration = Schedule.Linear(startFactor = 0.1, totalIters = 100L).Then(Schedule.CosineAnnealing 900L)
    )

let optimizer =
    PureOptimizer
        .AdamW(lr = 1e-3, weightDecay = 0.05)
        .WithWeightDecaySchedule(Schedule.CosineAnnealing(1000L, etaMin = 0.01))
        .WithMomentumSchedule(Schedule.OneCycleMomentum 1000L)

let private evaluation =
    test "evaluation" {
        use _ = torch.NewDisposeScope()
        use generator = new torch.Generator(1UL)
        let query = torch.rand ([| 40L; 8L |], generator = generator)
        let reference = torch.rand ([| 60L; 8L |], generator = generator)
        let queryLabels = torch.arange(40L).remainder(4L.ToScalar())
        let referenceLabels = torch.arange(60L).remainder(5L.ToScalar())

        let calculator = AccuracyCalculator(k = "max_bin_count", avgOfAvgs = true)

        let accuracies =
            calculator.GetAccuracy(query, queryLabels, reference, referenceLabels)

        Expect.equal accuracies.Count 7 "the documented metrics"
    }

let private readme =
    test "README: a step is a function" {
        let pictures = torch.rand (1078L, 64L)
        let labels = torch.arange(1078L).remainder(10L.ToScalar())
        let trunk = torch.nn.Linear(64L, 64L)
        let embedder = torch.nn.Linear(64L, 32L)

        let run =
            Setup.prepare
                MetricLossOnly.recipe
                (RunOptions(
                    Models = Models(Trunk = trunk, Embedder = embedder),
                    Optimizers = Optimizers(Trunk = PureOptimizer.Adam 1e-3, Embedder = PureOptimizer.Adam 1e-3),
                    BatchSize = 40,
                    LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss(margin = 0.1)),
                    Dataset = TrainingData.FromTensors(pictures, labels),
                    Seed = 1L
                ))

        printfn $"{Run.summary run}"

        let first = Run.step run run.State
        let second = Run.step run first

        Expect.equal second.Steps 2L "two steps"
        Expect.equal (Run.step run first).Progress second.Progress "the same again"

        let fork = Run.steps run 100 run.State
        let slow = fork |> Run.withLearningRate "trunk_optimizer" 3e-4 |> Run.steps run 150
        let fast = fork |> Run.withLearningRate "trunk_optimizer" 3e-3 |> Run.steps run 150
        Expect.notEqual slow.Losses["total_loss"] fast.Losses["total_loss"] "states.md: two rates"
    }

let private trainers =
    test "trainers: recipes compose" {
        let parts recipe losses =
            Setup.prepare
                recipe
                (RunOptions(
                    Models = Models(Trunk = torch.nn.Linear(4L, 6L), Embedder = torch.nn.Linear(6L, 3L)),
                    LossFuncs = LossFuncs.Of(losses),
                    Optimizers = Optimizers(Trunk = PureOptimizer.SGD(0.1)),
                    BatchSize = 12,
                    Dataset =
                        TrainingData.FromTensors(
                            torch.rand [| 24L; 4L |],
                            Array.init 24 (fun index -> int64 (index % 4))
                        ),
                    Seed = 1L
                ))

        let losses (run: Run) =
            use after = Iteration.step run.Recipe run.Handles run.State
            after.Progress.Losses |> Map.keys |> List.ofSeq

        let metric: string * torch.nn.Module = "metric_loss", new ContrastiveLoss()

        let trunk: string * torch.nn.Module = "trunk_loss", new ContrastiveLoss()

        let own =
            Recipe.custom [ "trunk"; "embedder" ] [ "metric_loss" ] [] Embedding.embed metricAlone

        Expect.equal (losses (parts own [ metric ])) [ "metric_loss"; "total_loss" ] "one loss"
        Expect.equal (losses (parts recipe [ metric; trunk ])) [ "metric_loss"; "total_loss"; "trunk_loss" ] "two"
    }

let private measures =
    test "measures: losses and miners by hand" {
        use _ = torch.NewDisposeScope()
        let embeddings = torch.rand ([| 6L; 3L |], generator = new torch.Generator(1UL))
        let labels = torch.tensor [| 0L; 0L; 1L; 1L; 2L; 2L |]

        use loss =
            new ContrastiveLoss(posMargin = 1.0, negMargin = 0.0, Distance = CosineSimilarity(), Reducer = SumReducer())

        let miner = BatchHardMiner()

        let all = loss.Compute(embeddings, labels)
        let mined = loss.Compute(embeddings, labels, miner.Mine(embeddings, labels))

        Expect.isLessThan (mined.item<float32>()) (all.item<float32>()) "fewer pairs"
        Expect.equal miner.Stats["num_triplets"] 6.0 "one an anchor"
    }

let tests = testList "pages" [ readme; trainers; measures; evaluation ]
