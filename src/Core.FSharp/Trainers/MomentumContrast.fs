namespace MetricLearning.Core

open MetricLearning

/// Trains trunk and embedder on two views of every sample: the queries that they make of the first are compared with the keys that
/// networks with a moving average of their weights make of the second (He et al. 2020, "Momentum Contrast for Unsupervised Visual
/// Representation Learning").
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module MomentumContrast =

    /// A trunk, another one that follows it, and a metric loss; optional: an embedder, with another one that follows it. `momentum`:
    /// what the followers keep of themselves in a step, from 0 to 1.
    let schema (momentum: float) : Schema =
        let basic = Schema.basic "MomentumContrast"

        let follower network leader : Follower =
            {
                Network = network
                Leader = leader
                Momentum = momentum
            }

        { basic with
            Models =
                basic.Models
                @ [
                    Keys.MomentumTrunk, Presence.Optional
                    Keys.MomentumEmbedder, Presence.Optional
                ]
            Miners = []
            Followers =
                [
                    follower Keys.MomentumTrunk Keys.Trunk
                    follower Keys.MomentumEmbedder Keys.Embedder
                ]
            RoutesInputs = true
        }

    let private checkMomentum (momentum: float) : Diagnostics =
        Diagnostics.errors
            [
                if not (momentum >= 0.0 && momentum <= 1.0) then
                    $"momentum is {momentum}; it must be from 0 to 1."
            ]

    /// Embed both views; metric loss of queries against keys. Everything counts in every epoch.
    let recipe (momentum: float) : Recipe =
        let schema = schema momentum

        {
            Schema = schema
            Inspect =
                fun run ->
                    Diagnostics.concat
                        [
                            checkMomentum momentum
                            MultiView.inspect schema.Trainer run
                            LossInputs.checkReferences schema.Trainer Keys.MetricLoss run
                        ]
            Decide = Recipe.everyEpoch schema.Heads
            Halves = Halves.cut QueriesAndKeys.embed QueriesAndKeys.metric
        }
