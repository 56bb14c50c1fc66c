/// What momentum contrast can be given wrong.
module MetricLearning.Core.Tests.Trainers.MomentumMistakes

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.SmallRuns
open MetricLearning.Core.Tests.Support.ContrastByHand

let private mistakesOf (change: RunOptions -> RunOptions) (momentum: float) : string list =
    try
        (Session.Start(Setup.prepare (MomentumContrast.recipe momentum) (change (options (memory ()))))).Dispose()
        []
    with :? SetupException as error ->
        List.ofSeq error.Mistakes

let private mistakes: (string * string * (RunOptions -> RunOptions)) list =
    [
        "nothing follows the trunk",
        "Models has \"trunk\", but no \"momentum_trunk\" to follow it: add a network that is made like it.",
        withModels (fun models -> models.Remove Keys.MomentumTrunk |> ignore)
        "nothing follows the embedder",
        "Models has \"embedder\", but no \"momentum_embedder\"",
        withModels (fun models -> models.Remove Keys.MomentumEmbedder |> ignore)
        "an embedder that is not there is followed",
        "Models has \"momentum_embedder\", but no \"embedder\" for it to follow",
        (fun options ->
            let changed =
                withModels (fun models -> models.Remove Keys.Embedder |> ignore) options

            RunOptions(changed, Optimizers = Optimizers(Trunk = PureOptimizer.SGD(rate))))
        "a network that follows itself",
        "shares weights with Models[\"trunk\"]",
        withModels (fun models -> models[Keys.MomentumTrunk] <- models[Keys.Trunk])
        "another shape",
        "its \"weight\" is Float64 [5 × 6] instead of Float64 [4 × 6]: make both by the same code.",
        withModels (fun models -> models[Keys.MomentumTrunk] <- layer 3L 5L (int64 features))
        "a parameter more",
        "it has a \"bias\"",
        withModels (fun models ->
            let made = torch.nn.Linear(int64 features, 4L)
            made.``to`` torch.float64 |> ignore
            models[Keys.MomentumTrunk] <- made)
        "an optimizer for what follows",
        "momentum_trunk_optimizer",
        (fun options ->
            let optimizers =
                Optimizers.Of(options.Optimizers.Present @ [ "momentum_trunk_optimizer", adam ])

            RunOptions(options, Optimizers = optimizers))
        "an optimizer that has its parameters",
        "Optimizers[\"trunk_optimizer\"] holds parameters of \"momentum_trunk\", which follows \"trunk\"",
        (fun options ->
            let all =
                Seq.append (options.Models[Keys.Trunk].parameters()) (options.Models[Keys.MomentumTrunk].parameters())

            RunOptions(options, Optimizers = Optimizers(Trunk = AnyOptimizer.Torch(torch.optim.SGD(all, rate)))))
        "what follows is frozen",
        "FreezeThese has an entry \"momentum_trunk\"",
        (fun options -> RunOptions(options, FreezeThese = [ Keys.MomentumTrunk ]))
        "a loss of classes",
        "is a ArcFaceLoss, which takes no reference embeddings, but MomentumContrast compares",
        (fun options -> RunOptions(options, LossFuncs = LossFuncs(MetricLoss = new ArcFaceLoss(12, size))))
        "a module of TorchSharp's",
        "is a CrossEntropyLoss, which takes no reference embeddings",
        (fun options -> RunOptions(options, LossFuncs = LossFuncs(MetricLoss = torch.nn.CrossEntropyLoss())))
        "one view",
        "takes two views of every sample",
        (fun options ->
            RunOptions(
                options,
                Dataset = TrainingData.FromTensors((views ()).Head, torch.arange(12L).DetachFromDisposeScope())
            ))
    ]

let tests =
    testList
        "mistakes in momentum contrast"
        [
            for name, says, change in mistakes do
                test $"refused: {name}" {
                    let found = mistakesOf change 0.99
                    Expect.exists found _.Contains(says) $"{found}"
                }

            for momentum in [ -0.1; 1.1; nan ] do
                test $"refused: momentum {momentum}" {
                    Expect.equal (mistakesOf id momentum) [ $"momentum is {momentum}; it must be from 0 to 1." ] "alone"
                }

            test "three views are refused in the first batch" {
                let three =
                    RunOptions(
                        options (memory ()),
                        Dataset =
                            TrainingData.FromTensors(
                                views () @ [ (views ()).Head ],
                                torch.arange(12L).DetachFromDisposeScope()
                            )
                    )

                use session = Session.Start(Setup.prepare (MomentumContrast.recipe 0.9) three)
                throws<InvalidOperationException> "A sample has 3 views; it must have two" (fun () -> step session)
            }
        ]
