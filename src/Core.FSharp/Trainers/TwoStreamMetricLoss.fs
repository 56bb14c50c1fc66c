namespace MetricLearning.Core

open MetricLearning

/// Trains trunk and embedder with one loss across two streams: samples are (anchor, positive or negative, label), and
/// tuples go from the anchors to the others.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module TwoStreamMetricLoss =

    /// A trunk and a metric loss; optional: an embedder and a tuple miner.
    let schema: Schema =
        { Schema.basic "TwoStreamMetricLoss" with
            Miners = [ Keys.TupleMiner ]
            Streams = 2
        }

    /// Embed both streams; mine across them, metric loss. Everything counts in every epoch.
    let recipe: Recipe =
        {
            Schema = schema
            Inspect = LossInputs.check schema.Trainer [ Keys.MetricLoss, GivenTuples.Always ]
            Decide = Recipe.everyEpoch schema.Heads
            Halves = Halves.cut TwoStream.embed (fun ctx -> TwoStream.mine ctx >> Objective.metric ctx)
        }
