namespace MetricLearning

open TorchSharp

/// The direction that a rule descends.
module internal Descent =

    /// Hands on the direction to descend: the gradient, negated to maximize, plus `weightDecay` times the weights. It
    /// is the gradient itself where that is the same, so it must not be written to.
    let along
        (maximize: bool)
        (weightDecay: float)
        (gradient: torch.Tensor)
        (weights: torch.Tensor)
        (update: torch.Tensor -> unit)
        : unit =
        if maximize then
            use direction = gradient.neg ()

            if weightDecay <> 0.0 then
                InPlace.add weightDecay weights direction

            update direction
        elif weightDecay <> 0.0 then
            use direction = gradient.add (weights, Numeric.scalar weightDecay)
            update direction
        else
            update gradient
