namespace MetricLearning

open TorchSharp

/// Options of stochastic gradient descent, as in PyTorch's SGD.
type internal Sgd =
    {
        /// How much of the running sum of gradients is kept at every step; 0 keeps no sum.
        Momentum: float
        /// What share of a gradient does not enter the sum.
        Dampening: float
        /// What share of the weights is added to their gradient.
        WeightDecay: float
        /// Whether the step looks ahead along the sum.
        Nesterov: bool
        /// Climbs the loss instead of descending.
        Maximize: bool
    }

/// Stochastic gradient descent with momentum (Sutskever et al. 2013, in PyTorch's form):
/// b ← momentum · b + (1 − dampening) · g (b ← g in the first step), w ← w − rate · b, or with Nesterov
/// w ← w − rate · (g + momentum · b).
module internal Sgd =

    let defaults: Sgd =
        {
            Momentum = 0.0
            Dampening = 0.0
            WeightDecay = 0.0
            Nesterov = false
            Maximize = false
        }

    let validate (options: Sgd) : unit =
        Ranges.notNegative "momentum" options.Momentum
        Ranges.notNegative "weightDecay" options.WeightDecay
        Ranges.require "dampening" (System.Double.IsFinite options.Dampening) "finite" options.Dampening

        if options.Nesterov && (options.Momentum = 0.0 || options.Dampening <> 0.0) then
            invalidArg "nesterov" "nesterov needs a momentum above 0 and no dampening."

    let slots (options: Sgd) : SlotSpec[] =
        if options.Momentum = 0.0 then
            [||]
        else
            [| SlotSpec.zero "momentum_buffer" |]

    let update
        (options: Sgd)
        (rate: float)
        (count: int64)
        (gradient: torch.Tensor)
        (slots: torch.Tensor[])
        (weights: torch.Tensor)
        : unit =
        // To maximize, it climbs g − decay · w, so that the buffer has the sign that TorchSharp's has.
        let decay, step =
            if options.Maximize then
                -options.WeightDecay, rate
            else
                options.WeightDecay, -rate

        Descent.along false decay gradient weights (fun direction ->
            if options.Momentum = 0.0 then
                InPlace.add step direction weights
            else
                let buffer = slots[0]

                if count = 1L then
                    buffer.copy_ direction |> ignore
                else
                    InPlace.scale options.Momentum buffer
                    InPlace.add (1.0 - options.Dampening) direction buffer

                if options.Nesterov then
                    InPlace.add step direction weights
                    InPlace.add (step * options.Momentum) buffer weights
                else
                    InPlace.add step buffer weights)
