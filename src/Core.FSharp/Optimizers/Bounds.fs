namespace MetricLearning

/// Bounds for the numbers that a step starts from: no magnitude is larger.
[<NoEquality; NoComparison>]
type internal Bounds =
    {
        /// The learning rate itself.
        Rate: float
        /// Of the gradients.
        Gradient: float
        /// Of each slot.
        Slots: float[]
        /// Of the weights.
        Weights: float
        /// A number as it is in the type of the weights.
        Round: float -> float
    }

/// Bounds that rules have in common.
module internal Bounds =

    /// Of the direction to descend, with weight decay in it.
    let direction (weightDecay: float) (before: Bounds) : float =
        before.Gradient + abs weightDecay * before.Weights

    /// Of beta · mean + (1 − beta) · value, and of the value itself.
    let mean (beta: float) (value: float) (mean: float) : float =
        if beta <= 1.0 then max mean value else infinity

    /// Of a quotient whose divisor is at least eps.
    let quotient (above: float) (eps: float) (before: Bounds) : float = above / before.Round eps

    /// Of weights that shrink by this decay.
    let decayed (decay: float) (before: Bounds) : float =
        max 1.0 (abs (1.0 - before.Rate * decay)) * before.Weights

    /// Of weights from `weights` on that move by a factor times a step; of the factor as well, for libtorch refuses one that
    /// the weights' type cannot hold, in the midst of a step.
    let moved (factor: float) (step: float) (weights: float) : float =
        max (max step (abs factor)) (weights + abs factor * step)
