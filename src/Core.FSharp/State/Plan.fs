namespace MetricLearning.Core

open MetricLearning

/// Who takes part in a run: keys only, as the user gave them, in their order.
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

    /// The weight of a loss; 0 when it has none.
    let weight (term: string) (plan: Plan) : float =
        plan.Weights |> Map.tryFind term |> Option.defaultValue 0.0

    /// Whether a loss is computed.
    let counts (term: string) (plan: Plan) : bool = weight term plan > 0.0

    /// The plan with these weights, in which this is frozen. The optimizers step whose network or loss is not frozen and is
    /// reached by a loss that counts: a loss function by itself alone, a head (a network on top of the embeddings) by its own
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

    /// Every loss counts with the user's weight, and nothing is frozen but what the user froze.
    let everything (heads: (string * string) list) (runKeys: RunKeys) (progress: Progress) : Plan =
        create heads runKeys runKeys.Frozen progress.LossWeights
