namespace MetricLearning.Core

open MetricLearning

/// A trainer as a value: what it takes, what an iteration of it does, and the losses it minimises.
type Recipe =
    {
        /// The keys it knows.
        Schema: Schema
        /// What it wants of its ingredients besides.
        Inspect: Ingredients -> Diagnostics
        /// What the next iteration does.
        Decide: RunKeys -> Progress -> Plan
        /// The losses of a batch.
        Objective: Context -> Batch -> Losses
    }

/// Making recipes.
module Recipe =

    /// A trainer of one's own: networks, losses and further loss names as they are, everything counting in every epoch.
    let custom
        (models: string list)
        (losses: string list)
        (extraLosses: string list)
        (objective: Context -> Batch -> Losses)
        : Recipe =
        {
            Schema =
                { Schema.basic "CustomTrainer" with
                    Models = [ for key in models -> key, Presence.Optional ]
                    Losses = [ for key in losses -> key, Presence.Optional ]
                    ExtraLosses = extraLosses
                }
            Inspect = fun _ -> Diagnostics.none
            Decide = Plan.everything []
            Objective = objective
        }
