namespace MetricLearning

open TorchSharp
open MetricLearning.Mirror
open MetricLearning.Ranges

/// NAdam (Dozat 2016): Adam with Nesterov momentum. With μₜ = β₁(1 − ½ · 0.96^(tψ)) and Πₜ = μ₁ … μₜ,
/// w ← w − rate · ((1 − μₜ) / (1 − Πₜ) · g + μₜ₊₁ / (1 − Πₜ₊₁) · m) / (√(v / (1 − β₂ᵗ)) + ε).
module internal NAdam =

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rec rule
        (
            beta1: float,
            beta2: float,
            eps: float,
            weightDecay: float,
            momentumDecay: float,
            decoupledWeightDecay: bool,
            maximize: bool
        ) : Rule =
        let mu (count: int64) =
            MomentumProduct.mu beta1 momentumDecay count

        // Weight decay is part of the gradient, or shrinks the weights themselves.
        let coupled = if decoupledWeightDecay then 0.0 else weightDecay
        let decoupled = if decoupledWeightDecay then weightDecay else 0.0

        {
            Name = "NAdam"
            Slots = Moments.slots
            Validate =
                fun () ->
                    decayRate (nameof beta1) beta1
                    decayRate (nameof beta2) beta2
                    notNegative (nameof eps) eps
                    notNegative (nameof weightDecay) weightDecay
                    notNegative (nameof momentumDecay) momentumDecay
            Update =
                fun rate count gradient slots weights ->
                    if decoupledWeightDecay then
                        Moments.decay rate weightDecay weights

                    Descent.along maximize coupled gradient weights (fun direction ->
                        Moments.first beta1 direction slots[0]
                        Moments.second beta2 direction slots[1]
                        let past = MomentumProduct.upTo beta1 momentumDecay count
                        let next = mu (count + 1L)
                        // Above and below are both multiplied by √(1 − β₂ᵗ), which saves a pass over the weights.
                        let spread = sqrt (Moments.correction beta2 count)
                        use below = Moments.root (eps * spread) slots[1]
                        InPlace.addQuotient (-rate * spread * (1.0 - mu count) / (1.0 - past)) direction below weights
                        InPlace.addQuotient (-rate * spread * next / (1.0 - past * next)) slots[0] below weights)
            Decay = weightDecay
            // It rises by a formula of its own.
            Momentum = None
            With = fun decay _ -> rule (beta1, beta2, eps, decay, momentumDecay, decoupledWeightDecay, maximize)
            Eps = Some eps
            Bound =
                fun before ->
                    let direction = Bounds.direction coupled before
                    let mean = Bounds.mean beta1 direction before.Slots[0]
                    // The first step has the least of them.
                    let quotient = Bounds.quotient mean (eps * sqrt (1.0 - beta2)) before

                    struct ([| mean; Bounds.mean beta2 (direction * direction) before.Slots[1] |],
                            before
                            |> Bounds.decayed decoupled
                            |> Bounds.moved (2.0 * before.Rate / (1.0 - beta1)) quotient)
            OnePass = None
        }

    /// TorchSharp's NAdam.
    let mirror: Mirror =
        Mirror.create<Modules.NAdam, Modules.NAdam.Options, Modules.NAdam.State>
            (fun it ->
                rule (
                    number it.beta1,
                    number it.beta2,
                    number it.eps,
                    number it.weight_decay,
                    number it.momentum_decay,
                    false,
                    false
                ))
            [
                "exp_avg", _.exp_avg, (fun state slot -> state.exp_avg <- slot)
                "exp_avg_sq", _.exp_avg_sq, (fun state slot -> state.exp_avg_sq <- slot)
            ]
            _.step
            (fun it state count ->
                state.step <- count
                state.mu_product <- MomentumProduct.upTo (number it.beta1) (number it.momentum_decay) count)
