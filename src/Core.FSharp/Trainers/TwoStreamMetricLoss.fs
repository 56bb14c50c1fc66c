namespace MetricLearning.Core.Trainers

open MetricLearning
open MetricLearning.Core

/// Trains trunk and embedder with one loss across two streams: samples are (anchor, positive or negative, label), and
/// tuples go from the anchors to the others.
module TwoStreamMetricLoss =

    /// A trunk, perhaps an embedder, and a metric loss; perhaps a tuple miner.
    let schema: Schema =
        { Schema.basic "TwoStreamMetricLoss" with
            Miners = [ Keys.TupleMiner ]
            Streams = 2
        }

    /// Embed both streams, mine across them, metric loss; everything counts in every epoch.
    let recipe: Recipe =
        {
            Schema = schema
            Inspect = fun _ -> Diagnostics.none
            Decide = Plan.everything schema.Heads
            Objective = fun ctx -> TwoStream.embed ctx >> TwoStream.mine ctx >> Objective.metric ctx
        }
