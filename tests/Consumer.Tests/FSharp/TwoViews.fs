/// The page about two views of every sample.
module PictureShop.TwoViews

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

let private rows = torch.rand (20L, 6L)

let private noisy =
    TrainingData.FromSamples(
        20L,
        fun row seed ->
            let draw = uint64 (seed.Random().NextInt64())
            rows[row] + torch.randn ([| 6L |], generator = new torch.Generator(draw)) * 0.1
    )

let private makeTrunk () = torch.nn.Linear(6L, 5L)
let private makeProjection () = torch.nn.Linear(5L, 4L)

let private common () =
    RunOptions(
        Models = Models(Trunk = makeTrunk (), Embedder = makeProjection ()),
        Optimizers = Optimizers(Trunk = PureOptimizer.AdamW 1e-3, Embedder = PureOptimizer.AdamW 1e-3),
        BatchSize = 8,
        LossFuncs = LossFuncs(MetricLoss = new NTXentLoss()),
        Dataset = noisy.ToViews(),
        Seed = 1L
    )

let private steps (run: Run) =
    use _ = Session.Start run
    use state = Run.steps run 3 run.State
    Expect.isGreaterThan state.Losses[Keys.TotalLoss] 0.0 "a loss"

let private simclr =
    test "SimCLR" {
        let options = common ()

        let run =
            Setup.prepare
                MultiViewMetricLoss.recipe
                (RunOptions(
                    options,
                    LossFuncs = LossFuncs(MetricLoss = new NTXentLoss(temperature = 0.2)),
                    Dataset = noisy.ToViews()
                ))

        steps run
    }

let private moco =
    test "MoCo" {
        let options = common ()
        let trunk, projection = makeTrunk (), makeProjection ()

        let run =
            Setup.prepare
                (MomentumContrast.recipe 0.99)
                (RunOptions(
                    options,
                    Models =
                        Models(
                            Trunk = trunk,
                            Embedder = projection,
                            MomentumTrunk = makeTrunk (),
                            MomentumEmbedder = makeProjection ()
                        ),
                    LossFuncs =
                        LossFuncs(
                            MetricLoss =
                                new CrossBatchMemory(
                                    new NTXentLoss(temperature = 0.2),
                                    embeddingSize = 4,
                                    memorySize = 4096
                                )
                        )
                ))

        steps run
    }

/// Each view's embedding should be what a slower network makes of the other view: no negatives at all.
let bootstrap (momentum: float) : Recipe =
    let custom =
        Recipe.custom
            [ "trunk"; "predictor"; "slow_trunk" ]
            []
            [ "alike" ]
            (fun ctx batch ->
                let predicted =
                    batch.Data[0]
                    |> Embedding.through "trunk" ctx
                    |> Embedding.through "predictor" ctx

                let target = Embedding.through "slow_trunk" ctx batch.Data[1]

                {
                    Tensors = [| predicted; target |]
                    Labels = batch.Labels
                })
            (fun ctx rows ->
                let alike () =
                    torch.nn.functional.cosine_similarity(rows.Tensors[0], rows.Tensors[1].detach()).mean().neg()

                Objective.term "alike" ctx alike ())

    { custom with
        Schema =
            { custom.Schema with
                Followers =
                    [
                        {
                            Network = "slow_trunk"
                            Leader = "trunk"
                            Momentum = momentum
                        }
                    ]
            }
    }

let private ofOnesOwn =
    test "a recipe of one's own with a network that follows" {
        let trunk, slow = makeTrunk (), makeTrunk ()

        let options =
            RunOptions(
                common (),
                Models =
                    Models.Of
                        [
                            "trunk", trunk :> torch.nn.Module
                            "predictor", torch.nn.Linear(5L, 5L)
                            "slow_trunk", slow
                        ],
                LossFuncs = LossFuncs(),
                Optimizers =
                    Optimizers.Of
                        [
                            "trunk_optimizer", (PureOptimizer.AdamW 1e-3 :> AnyOptimizer)
                            "predictor_optimizer", PureOptimizer.AdamW 1e-3
                        ]
            )

        let run = Setup.prepare (bootstrap 0.9) options
        use session = Session.Start run
        let before = slow.weight.sum().item<float32>()
        session.Step System.Threading.CancellationToken.None |> Seq.iter ignore
        Expect.notEqual (slow.weight.sum().item<float32>()) before "it follows"
    }

let tests = testList "two views" [ simclr; moco; ofOnesOwn ]
