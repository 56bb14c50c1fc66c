namespace MetricLearning.Core

open MetricLearning

/// Trains trunk, embedder and a classifier on top of it: a metric loss on the embeddings, a classification loss on the
/// classifier's scores.
[<CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module TrainWithClassifier =

    /// As MetricLossOnly, and a classifier with its loss.
    let schema: Schema =
        let basic = Schema.basic "TrainWithClassifier"

        { basic with
            Models = basic.Models @ [ Keys.Classifier, Presence.Optional ]
            Losses = basic.Losses @ [ Keys.ClassifierLoss, Presence.Optional ]
            Heads = [ Keys.Classifier, Keys.ClassifierLoss ]
        }

    /// Embed; mine, metric loss and classifier loss. Everything counts in every epoch.
    let recipe: Recipe =
        {
            Schema = schema
            Inspect =
                LossInputs.check
                    schema.Trainer
                    [
                        Keys.MetricLoss, GivenTuples.Mined Keys.TupleMiner
                        Keys.ClassifierLoss, GivenTuples.Nothing
                    ]
            Decide = Recipe.everyEpoch schema.Heads
            Halves =
                Halves.cut Embedding.embed (fun ctx ->
                    Mining.mine ctx >> (Objective.metric ctx <+> Objective.classifier ctx))
        }
