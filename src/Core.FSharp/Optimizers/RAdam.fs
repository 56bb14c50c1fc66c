namespace MetricLearning

open TorchSharp

/// Options of RAdam, as in PyTorch. With `DecoupledWeightDecay` the decay shrinks the weights as in AdamW.
type internal RAdam =
    {
        /// How much of the mean of gradients is kept at every step, from 0 to below 1.
        Beta1: float
        /// How much of the mean of squares is kept at every step, from 0 to below 1.
        Beta2: float
        /// Added to the divisor, so that it is never 0.
        Eps: float
        /// What share of the weights is added to their gradient.
        WeightDecay: float
        /// Whether the decay shrinks the weights themselves, as in AdamW.
        DecoupledWeightDecay: bool
        /// Climbs the loss instead of descending.
        Maximize: bool
    }

/// RAdam (Liu et al. 2020): Adam whose rate is scaled by r while the variance of 1 / √v is known well enough, and that
/// leaves √v out while it is not. With ρ∞ = 2 / (1 − β₂) − 1 and ρₜ = ρ∞ − 2tβ₂ᵗ / (1 − β₂ᵗ):
/// r = √((ρₜ − 4)(ρₜ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρₜ)) where ρₜ > 5.
module internal RAdam =

    let defaults: RAdam =
        {
            Beta1 = 0.9
            Beta2 = 0.999
            Eps = 1e-8
            WeightDecay = 0.0
            DecoupledWeightDecay = false
            Maximize = false
        }

    let validate (options: RAdam) : unit =
        Ranges.decayRate "beta1" options.Beta1
        Ranges.decayRate "beta2" options.Beta2
        Ranges.notNegative "eps" options.Eps
        Ranges.notNegative "weightDecay" options.WeightDecay

    let private rectification (beta2: float) (count: int64) =
        let most = 2.0 / (1.0 - beta2) - 1.0
        let correction = Moments.correction beta2 count

        let length =
            most - 2.0 * float count * System.Math.Pow(beta2, float count) / correction

        if length > 5.0 then
            ValueSome(sqrt ((length - 4.0) * (length - 2.0) * most / ((most - 4.0) * (most - 2.0) * length)))
        else
            ValueNone

    let update
        (options: RAdam)
        (rate: float)
        (count: int64)
        (gradient: torch.Tensor)
        (slots: torch.Tensor[])
        (weights: torch.Tensor)
        : unit =
        let coupled =
            if options.DecoupledWeightDecay then
                Moments.decay rate options.WeightDecay weights
                0.0
            else
                options.WeightDecay

        Descent.along options.Maximize coupled gradient weights (fun direction ->
            Moments.first options.Beta1 direction slots[0]
            Moments.second options.Beta2 direction slots[1])

        let step = -rate / Moments.correction options.Beta1 count

        match rectification options.Beta2 count with
        | ValueSome scale ->
            use below = Moments.root options.Eps slots[1]
            let spread = sqrt (Moments.correction options.Beta2 count)
            InPlace.addQuotient (step * scale * spread) slots[0] below weights
        | ValueNone -> InPlace.add step slots[0] weights
