namespace MetricLearning.Core.Trainers

open MetricLearning
open MetricLearning.Core

/// Trains trunk and embedder with one loss on the embeddings.
module MetricLossOnly =

    /// A trunk, perhaps an embedder, and a metric loss; perhaps a subset miner and a tuple miner.
    let schema: Schema = Schema.basic "MetricLossOnly"

    /// Embed, mine, metric loss; everything counts in every epoch.
    let recipe: Recipe =
        {
            Schema = schema
            Inspect = fun _ -> Diagnostics.none
            Decide = Plan.everything schema.Heads
            Objective = fun ctx -> Embedding.embed ctx >> Mining.mine ctx >> Objective.metric ctx
        }
