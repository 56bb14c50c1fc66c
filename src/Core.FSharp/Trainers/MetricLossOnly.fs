namespace MetricLearning.Core.Trainers

open MetricLearning.Core

/// Trains trunk and embedder with one loss on the embeddings.
module MetricLossOnly =

    /// A trunk, perhaps an embedder, and a metric loss; perhaps a subset miner and a tuple miner.
    let schema: Schema =
        {
            Trainer = "MetricLossOnly"
            Models =
                [
                    Name.Exactly Keys.Trunk, Presence.Required
                    Name.Exactly Keys.Embedder, Presence.Expected
                ]
            Losses = [ Name.Exactly Keys.MetricLoss, Presence.Required ]
            ExtraLosses = []
            Miners = [ Name.Exactly Keys.SubsetBatchMiner; Name.Exactly Keys.TupleMiner ]
        }

    /// Embed, mine, metric loss; everything counts in every epoch.
    let recipe: Recipe =
        {
            Schema = schema
            Decide = Plan.everything
            Objective = fun ctx -> Embedding.embed ctx >> Mining.mine ctx >> Objective.metric ctx
        }
