namespace MetricLearning.Core

open MetricLearning

/// Trains trunk and embedder with one loss on the embeddings.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module MetricLossOnly =

    /// A trunk and a metric loss; optional: an embedder, a subset miner and a tuple miner.
    let schema: Schema = Schema.basic "MetricLossOnly"

    /// Embed; mine, metric loss. Everything counts in every epoch.
    let recipe: Recipe =
        {
            Schema = schema
            Inspect = LossInputs.check schema.Trainer [ Keys.MetricLoss, GivenTuples.Mined Keys.TupleMiner ]
            Decide = Recipe.everyEpoch schema.Heads
            Halves = Halves.cut Embedding.embed (fun ctx -> Mining.mine ctx >> Objective.metric ctx)
        }
