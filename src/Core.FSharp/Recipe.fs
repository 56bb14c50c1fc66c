namespace MetricLearning.Core

/// A trainer as a value: what it takes, what an iteration of it does, and the losses it minimises.
type Recipe =
    {
        /// The keys it knows.
        Schema: Schema
        /// What the next iteration does.
        Decide: Roster -> Progress -> Plan
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
                {
                    Trainer = "CustomTrainer"
                    Models = [ for key in models -> Name.Exactly key, Presence.Optional ]
                    Losses = [ for key in losses -> Name.Exactly key, Presence.Optional ]
                    ExtraLosses = extraLosses
                    Miners = [ Name.Exactly Keys.SubsetBatchMiner; Name.Exactly Keys.TupleMiner ]
                }
            Decide = Plan.everything
            Objective = objective
        }
