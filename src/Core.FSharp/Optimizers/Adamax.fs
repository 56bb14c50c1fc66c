namespace MetricLearning

open TorchSharp
open MetricLearning.Mirror
open MetricLearning.Ranges

/// Adamax (Kingma & Ba 2015, section 7.1): m as in Adam, u ← max(β₂u, |g| + ε), w ← w − rate / (1 − β₁ᵗ) · m / u.
module internal Adamax =

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rec rule (beta1: float, beta2: float, eps: float, weightDecay: float, maximize: bool) : Rule =
        {
            Name = "Adamax"
            Slots = [| Rule.zero "exp_avg"; Rule.zero "exp_inf" |]
            Validate =
                fun () ->
                    decayRate (nameof beta1) beta1
                    decayRate (nameof beta2) beta2
                    notNegative (nameof eps) eps
                    notNegative (nameof weightDecay) weightDecay
            Update =
                fun rate count gradient slots weights ->
                    Descent.along maximize weightDecay gradient weights (fun direction ->
                        Moments.first beta1 direction slots[0]
                        use size = direction.abs ()
                        InPlace.addConstant eps size
                        InPlace.scale beta2 slots[1]
                        InPlace.atLeast size slots[1]
                        InPlace.addQuotient (-rate / Moments.correction beta1 count) slots[0] slots[1] weights)
            Decay = weightDecay
            Momentum = Some beta1
            With = fun decay beta1 -> rule (beta1, beta2, eps, decay, maximize)
            Eps = Some eps
            Bound =
                fun before ->
                    let direction = Bounds.direction weightDecay before
                    let mean = Bounds.mean beta1 direction before.Slots[0]

                    struct ([| mean; max before.Slots[1] (direction + eps) |],
                            Bounds.moved (before.Rate / (1.0 - beta1)) (Bounds.quotient mean eps before) before.Weights)
            OnePass = None
        }

    /// TorchSharp's Adamax.
    let mirror: Mirror =
        Mirror.create<Modules.Adamax, Modules.Adamax.Options, Modules.Adamax.State>
            (fun it -> rule (number it.beta1, number it.beta2, number it.eps, number it.weight_decay, false))
            [
                "exp_avg", _.exp_avg, (fun state slot -> state.exp_avg <- slot)
                "exp_inf", _.exp_inf, (fun state slot -> state.exp_inf <- slot)
            ]
            _.step
            (fun _ state count -> state.step <- count)
