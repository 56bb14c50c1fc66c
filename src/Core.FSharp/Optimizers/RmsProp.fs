namespace MetricLearning

open TorchSharp

/// Options of RMSProp, as in PyTorch's RMSprop.
type internal RmsProp =
    {
        /// How much of the mean of squares is kept at every step.
        Alpha: float
        /// Added to the divisor, so that it is never 0.
        Eps: float
        /// What share of the weights is added to their gradient.
        WeightDecay: float
        /// How much of the running sum of steps is kept; 0 keeps no sum.
        Momentum: float
        /// Divides by the standard deviation rather than by the root of the mean square.
        Centered: bool
        /// Climbs the loss instead of descending.
        Maximize: bool
    }

/// RMSProp (Hinton's lecture 6e, 2012; centered: Graves 2013): v ← αv + (1 − α)g², w ← w − rate · g / (√v + ε), where
/// centered takes v − (mean of g)² for v, and momentum sums up the quotients.
module internal RmsProp =

    let defaults: RmsProp =
        {
            Alpha = 0.99
            Eps = 1e-8
            WeightDecay = 0.0
            Momentum = 0.0
            Centered = false
            Maximize = false
        }

    let validate (options: RmsProp) : unit =
        Ranges.notNegative "alpha" options.Alpha
        Ranges.notNegative "eps" options.Eps
        Ranges.notNegative "weightDecay" options.WeightDecay
        Ranges.notNegative "momentum" options.Momentum

    let slots (options: RmsProp) : SlotSpec[] =
        [|
            SlotSpec.zero "square_avg"
            if options.Momentum > 0.0 then
                SlotSpec.zero "momentum_buffer"
            if options.Centered then
                SlotSpec.zero "grad_avg"
        |]

    // √v + ε; the mean of the gradients is the last slot.
    let private spread (options: RmsProp) (direction: torch.Tensor) (slots: torch.Tensor[]) =
        if options.Centered then
            let mean = slots[slots.Length - 1]
            Moments.first options.Alpha direction mean
            use minus = (-1.0).ToScalar()
            let variance = slots[0].addcmul(mean, mean, minus)
            variance.sqrt_ () |> ignore
            InPlace.addConstant options.Eps variance
            variance
        else
            Moments.root options.Eps slots[0]

    let update
        (options: RmsProp)
        (rate: float)
        (gradient: torch.Tensor)
        (slots: torch.Tensor[])
        (weights: torch.Tensor)
        : unit =
        Descent.along options.Maximize options.WeightDecay gradient weights (fun direction ->
            Moments.second options.Alpha direction slots[0]
            use below = spread options direction slots

            if options.Momentum > 0.0 then
                InPlace.scale options.Momentum slots[1]
                InPlace.addQuotient 1.0 direction below slots[1]
                InPlace.add -rate slots[1] weights
            else
                InPlace.addQuotient -rate direction below weights)
