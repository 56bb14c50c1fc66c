namespace MetricLearning

open System
open System.Threading
open TorchSharp

/// Options of NAdam, as in PyTorch. With `DecoupledWeightDecay` the decay shrinks the weights as in AdamW.
type internal NAdam =
    {
        /// How much of the mean of gradients is kept at every step, from 0 to below 1.
        Beta1: float
        /// How much of the mean of squares is kept at every step, from 0 to below 1.
        Beta2: float
        /// Added to the divisor, so that it is never 0.
        Eps: float
        /// What share of the weights is added to their gradient.
        WeightDecay: float
        /// How fast the momentum approaches its limit.
        MomentumDecay: float
        /// Whether the decay shrinks the weights themselves, as in AdamW.
        DecoupledWeightDecay: bool
        /// Climbs the loss instead of descending.
        Maximize: bool
    }

/// NAdam (Dozat 2016): Adam with Nesterov momentum. With μₜ = β₁(1 − ½ · 0.96^(tψ)) and Πₜ = μ₁ … μₜ,
/// w ← w − rate · ((1 − μₜ) / (1 − Πₜ) · g + μₜ₊₁ / (1 − Πₜ₊₁) · m) / (√(v / (1 − β₂ᵗ)) + ε).
module internal NAdam =

    let defaults: NAdam =
        {
            Beta1 = 0.9
            Beta2 = 0.999
            Eps = 1e-8
            WeightDecay = 0.0
            MomentumDecay = 4e-3
            DecoupledWeightDecay = false
            Maximize = false
        }

    let validate (options: NAdam) : unit =
        Ranges.decayRate "beta1" options.Beta1
        Ranges.decayRate "beta2" options.Beta2
        Ranges.notNegative "eps" options.Eps
        Ranges.notNegative "weightDecay" options.WeightDecay
        Ranges.notNegative "momentumDecay" options.MomentumDecay

    let private mu (options: NAdam) (count: int64) =
        options.Beta1
        * (1.0 - 0.5 * Math.Pow(0.96, float count * options.MomentumDecay))

    /// A product of the first `Count` momenta.
    type private Product =
        {
            Beta1: float
            MomentumDecay: float
            Count: int64
            Value: float
        }

    // The last product asked for: the next step's is one factor away. It is replaced as a whole, so threads that
    // overwrite each other's lose time and nothing else.
    let mutable private last =
        {
            Beta1 = 0.0
            MomentumDecay = 0.0
            Count = 0L
            Value = 1.0
        }

    // Long before this the product no longer shows in 1 − Πₜ.
    let private negligible = 1e-300

    /// Πₜ, the product of the first `count` momenta.
    let product (options: NAdam) (count: int64) : float =
        let known = Volatile.Read &last

        let known =
            if
                known.Beta1 = options.Beta1
                && known.MomentumDecay = options.MomentumDecay
                && known.Count <= count
            then
                known
            else
                {
                    Beta1 = options.Beta1
                    MomentumDecay = options.MomentumDecay
                    Count = 0L
                    Value = 1.0
                }

        let rec extend step value =
            if step > count || value < negligible then
                value
            else
                extend (step + 1L) (value * mu options step)

        let value = extend (known.Count + 1L) known.Value

        Volatile.Write(
            &last,
            { known with
                Count = count
                Value = value
            }
        )

        value

    let update
        (options: NAdam)
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
            Moments.second options.Beta2 direction slots[1]
            let past = product options count
            let next = mu options (count + 1L)
            // Above and below are both multiplied by √(1 − β₂ᵗ), which saves a pass over the weights.
            let spread = sqrt (Moments.correction options.Beta2 count)
            use below = Moments.root (options.Eps * spread) slots[1]
            InPlace.addQuotient (-rate * spread * (1.0 - mu options count) / (1.0 - past)) direction below weights
            InPlace.addQuotient (-rate * spread * next / (1.0 - past * next)) slots[0] below weights)
