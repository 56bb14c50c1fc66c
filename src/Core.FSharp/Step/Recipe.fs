namespace MetricLearning.Core

open MetricLearning

/// A trainer as a value: the keys it knows, the plan of each iteration, and the losses it minimises.
type Recipe =
    {
        /// The keys it knows.
        Schema: Schema
        /// Its own checks of what it is given.
        Inspect: RunOptions -> Diagnostics
        /// The plan of the next iteration.
        Decide: RunKeys -> Progress -> Plan
        /// The losses of a batch, in two halves.
        Halves: Halves
    }

/// Making recipes.
module Recipe =

    /// A `Decide` under which every loss counts in every epoch with the user's weight, and nothing is frozen but what the user
    /// froze. `heads`: networks on top of the embeddings, each with its loss.
    let everyEpoch (heads: (string * string) list) (runKeys: RunKeys) (progress: Progress) : Plan =
        Plan.create heads runKeys runKeys.Frozen progress.LossWeights

    /// A trainer of your own in which everything counts in every epoch: the keys of its networks and loss functions, the names
    /// of its further losses, and the losses of a batch, cut where `rows` ends and `whole` begins.
    let custom
        (models: string list)
        (losses: string list)
        (extraLosses: string list)
        (rows: Context -> Batch -> 'Rows)
        (whole: Context -> 'Rows -> Losses)
        : Recipe when 'Rows :> IRows<'Rows> =
        {
            Schema =
                { Schema.basic "CustomTrainer" with
                    Models = [ for key in models -> key, Presence.Optional ]
                    Losses = [ for key in losses -> key, Presence.Optional ]
                    ExtraLosses = extraLosses
                    RoutesInputs = true
                }
            Inspect = fun _ -> Diagnostics.none
            Decide = everyEpoch []
            Halves = Halves.cut rows whole
        }
