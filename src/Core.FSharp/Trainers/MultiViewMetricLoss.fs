namespace MetricLearning.Core

open MetricLearning

/// Trains trunk and embedder with one loss on several views of every sample: SimCLR, SupCon, VICReg, by the loss and the labels.
/// Samples are (view, other view, label).
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module MultiViewMetricLoss =

    /// A trunk and a metric loss; optional: an embedder and a tuple miner.
    let schema: Schema =
        { Schema.basic "MultiViewMetricLoss" with
            Miners = [ Keys.TupleMiner ]
            RoutesInputs = true
        }

    /// Embed all views; mine among them, metric loss. Everything counts in every epoch.
    let recipe: Recipe =
        {
            Schema = schema
            Inspect =
                fun run ->
                    Diagnostics.concat
                        [
                            MultiView.inspect schema.Trainer run
                            LossInputs.checkViews schema.Trainer Keys.MetricLoss run
                        ]
            Decide = Recipe.everyEpoch schema.Heads
            Halves = Halves.cut MultiView.embed MultiView.metric
        }
