namespace MetricLearning.Core

/// Who takes part in a run: keys only, as the user gave them, in their order.
type Roster =
    {
        /// Networks, an identity embedder not among them.
        Networks: string list
        /// Loss functions.
        Losses: string list
        /// Every loss that is reported: the loss functions, then the losses computed without one.
        Terms: string list
        /// Optimizers.
        Optimizers: string list
        /// Schedules, pure ones and TorchSharp's.
        Schedules: string list
        /// Networks and losses that the user froze.
        Frozen: Set<string>
    }

/// What one iteration will do: decided before anything is computed.
type Plan =
    {
        /// The weight of each loss; a loss whose weight is not above zero is not computed.
        Weights: Map<string, float>
        /// Networks and losses in evaluation mode whose parameters get no gradient.
        Frozen: Set<string>
        /// The optimizers that step, in the user's order.
        Stepping: string list
    }

/// Making and reading plans. Everything here is pure.
module Plan =

    /// Every loss counts with the user's weight, every optimizer steps but those of what the user froze.
    let everything (roster: Roster) (progress: Progress) : Plan =
        {
            Weights = progress.LossWeights
            Frozen = roster.Frozen
            Stepping =
                roster.Optimizers
                |> List.filter (fun key -> not (Set.exists (fun frozen -> Keys.optimizerOf frozen = key) roster.Frozen))
        }

    /// The weight of a loss; 0 when it has none.
    let weight (term: string) (plan: Plan) : float =
        plan.Weights |> Map.tryFind term |> Option.defaultValue 0.0

    /// Whether a loss is computed.
    let counts (term: string) (plan: Plan) : bool = weight term plan > 0.0
