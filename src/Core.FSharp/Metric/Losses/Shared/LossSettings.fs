namespace MetricLearning

open MetricLearning.Core
open System

/// What every loss can be given besides its own options; null stands for what the loss's paper uses.
[<NoComparison; ReferenceEquality>]
type LossSettings =
    {
        /// What embeddings are compared with.
        Distance: Distance | null
        /// How values become a scalar. A loss takes a copy for each of its parts: see `Loss.Reducer`.
        Reducer: Reducer | null
        /// A cost of the embeddings themselves, as they come from the network.
        EmbeddingRegularizer: Regularizer | null
        /// What that cost is multiplied by.
        EmbeddingRegWeight: double
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// Settings of losses.
module LossSettings =

    /// Nothing but defaults.
    let defaults: LossSettings =
        {
            Distance = null
            Reducer = null
            EmbeddingRegularizer = null
            EmbeddingRegWeight = 1.0
            CollectStats = Nullable()
        }

    /// The settings with a loss's own defaults where none is given.
    let orElse (distance: unit -> Distance) (reducer: unit -> Reducer) (settings: LossSettings) : LossSettings =
        { settings with
            Distance =
                match settings.Distance with
                | null -> distance ()
                | given -> given
            Reducer =
                match settings.Reducer with
                | null -> reducer ()
                | given -> given
        }

    /// The settings, if their distance passes a check.
    let checkDistance (check: Distance -> unit) (settings: LossSettings) : LossSettings =
        match settings.Distance with
        | null -> ()
        | distance -> check distance

        settings
