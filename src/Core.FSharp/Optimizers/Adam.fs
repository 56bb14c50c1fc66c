namespace MetricLearning

open TorchSharp

/// Options of Adam and of AdamW, as in PyTorch. `WeightDecay` is part of the gradient in Adam, and shrinks the weights
/// themselves in AdamW.
type internal Adam =
    {
        /// How much of the mean of gradients is kept at every step, from 0 to below 1.
        Beta1: float
        /// How much of the mean of squares is kept at every step, from 0 to below 1.
        Beta2: float
        /// Added to the divisor, so that it is never 0.
        Eps: float
        /// What share of the weights is added to their gradient or, by AdamW, taken off them.
        WeightDecay: float
        /// Divides by the largest mean of squares so far.
        AmsGrad: bool
        /// Climbs the loss instead of descending.
        Maximize: bool
    }

/// Adam (Kingma & Ba 2015), with AMSGrad (Reddi et al. 2018) and decoupled weight decay (Loshchilov & Hutter 2019):
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − rate / (1 − β₁ᵗ) · m / (√(v / (1 − β₂ᵗ)) + ε).
module internal Adam =

    let defaults: Adam =
        {
            Beta1 = 0.9
            Beta2 = 0.999
            Eps = 1e-8
            WeightDecay = 0.0
            AmsGrad = false
            Maximize = false
        }

    let validate (options: Adam) : unit =
        Ranges.decayRate "beta1" options.Beta1
        Ranges.decayRate "beta2" options.Beta2
        Ranges.notNegative "eps" options.Eps
        Ranges.notNegative "weightDecay" options.WeightDecay

    let slots (options: Adam) : SlotSpec[] =
        if options.AmsGrad then
            [| yield! Moments.slots; SlotSpec.zero "max_exp_avg_sq" |]
        else
            Moments.slots

    let private apply (options: Adam) (rate: float) (count: int64) (slots: torch.Tensor[]) (weights: torch.Tensor) =
        let largest =
            if options.AmsGrad then
                InPlace.atLeast slots[1] slots[2]
                slots[2]
            else
                slots[1]

        // Above and below are both multiplied by √(1 − β₂ᵗ), which saves a pass over the weights.
        let spread = sqrt (Moments.correction options.Beta2 count)
        use below = Moments.root (options.Eps * spread) largest
        InPlace.addQuotient (-rate * spread / Moments.correction options.Beta1 count) slots[0] below weights

    /// Adam proper, or with `decoupled` AdamW.
    let update
        (decoupled: bool)
        (options: Adam)
        (rate: float)
        (count: int64)
        (gradient: torch.Tensor)
        (slots: torch.Tensor[])
        (weights: torch.Tensor)
        : unit =
        let coupled = if decoupled then 0.0 else options.WeightDecay

        Descent.along options.Maximize coupled gradient weights (fun direction ->
            Moments.first options.Beta1 direction slots[0]
            Moments.second options.Beta2 direction slots[1])

        if decoupled then
            Moments.decay rate options.WeightDecay weights

        apply options rate count slots weights
