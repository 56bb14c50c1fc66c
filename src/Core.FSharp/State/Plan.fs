namespace MetricLearning.Core

/// The keys of a run, as the user gave them and in their order.
type RunKeys =
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
        /// Networks and losses that the user froze, and networks that follow others.
        Frozen: Set<string>
    }

/// The course of one iteration, decided before anything is computed.
type Plan =
    {
        /// The weight of each loss; a loss whose weight is not above zero is not computed.
        Weights: Map<string, float>
        /// Networks and losses in evaluation mode whose parameters get no gradient.
        Frozen: Set<string>
        /// The optimizers that step, in the user's order.
        Stepping: string list
    }

/// Making and reading plans. Pure.
module Plan =

    /// The weight of a loss; 0 when it has none.
    let weight (term: string) (plan: Plan) : float =
        plan.Weights |> Map.tryFind term |> Option.defaultValue 0.0

    /// True if a loss is computed.
    let counts (term: string) (plan: Plan) : bool = weight term plan > 0.0

    /// The plan with these weights and frozen parts. An optimizer steps if its network or loss is not frozen and a loss that
    /// counts reaches it: a loss function is reached by itself alone, a head (a network on top of the embeddings) by its own
    /// loss alone, other networks by every loss.
    let create
        (heads: (string * string) list)
        (runKeys: RunKeys)
        (frozen: Set<string>)
        (weights: Map<string, float>)
        : Plan =
        let counting name =
            match weights.TryFind name with
            | Some weight -> weight > 0.0
            | None -> false

        let isReached name =
            if List.contains name runKeys.Losses then
                counting name
            else
                match List.tryFind (fst >> (=) name) heads with
                | Some(_, loss) -> counting loss
                | None -> List.exists counting runKeys.Terms

        let steps optimizer =
            let owner = Keys.ownerOf optimizer
            isReached owner && not (frozen.Contains owner)

        {
            Weights = weights
            Frozen = frozen
            Stepping = List.filter steps runKeys.Optimizers
        }
