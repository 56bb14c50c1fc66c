namespace MetricLearning

open TorchSharp

/// Options of Adamax, as in PyTorch.
type internal Adamax =
    {
        /// How much of the mean of gradients is kept at every step, from 0 to below 1.
        Beta1: float
        /// How much of the running maximum is kept at every step, from 0 to below 1.
        Beta2: float
        /// Added to the divisor, so that it is never 0.
        Eps: float
        /// What share of the weights is added to their gradient.
        WeightDecay: float
        /// Climbs the loss instead of descending.
        Maximize: bool
    }

/// Adamax (Kingma & Ba 2015, section 7.1): m as in Adam, u ← max(β₂u, |g| + ε), w ← w − rate / (1 − β₁ᵗ) · m / u.
module internal Adamax =

    let defaults: Adamax =
        {
            Beta1 = 0.9
            Beta2 = 0.999
            Eps = 1e-8
            WeightDecay = 0.0
            Maximize = false
        }

    let validate (options: Adamax) : unit =
        Ranges.decayRate "beta1" options.Beta1
        Ranges.decayRate "beta2" options.Beta2
        Ranges.notNegative "eps" options.Eps
        Ranges.notNegative "weightDecay" options.WeightDecay

    let slots: SlotSpec[] = [| SlotSpec.zero "exp_avg"; SlotSpec.zero "exp_inf" |]

    let update
        (options: Adamax)
        (rate: float)
        (count: int64)
        (gradient: torch.Tensor)
        (slots: torch.Tensor[])
        (weights: torch.Tensor)
        : unit =
        Descent.along options.Maximize options.WeightDecay gradient weights (fun direction ->
            Moments.first options.Beta1 direction slots[0]
            use size = direction.abs ()
            InPlace.addConstant options.Eps size
            InPlace.scale options.Beta2 slots[1]
            InPlace.atLeast size slots[1]
            InPlace.addQuotient (-rate / Moments.correction options.Beta1 count) slots[0] slots[1] weights)
