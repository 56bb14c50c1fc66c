namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Mirror
open MetricLearning.Ranges

/// RAdam (Liu et al. 2020): Adam whose rate is scaled by r while the variance of 1 / √v is known well enough, and that
/// leaves √v out while it is not. With ρ∞ = 2 / (1 − β₂) − 1 and ρₜ = ρ∞ − 2tβ₂ᵗ / (1 − β₂ᵗ):
/// r = √((ρₜ − 4)(ρₜ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρₜ)) where ρₜ > 5.
module internal RAdam =

    let private rectification (beta2: float) (count: int64) =
        let most = 2.0 / (1.0 - beta2) - 1.0
        let correction = Moments.correction beta2 count

        let length = most - 2.0 * float count * Math.Pow(beta2, float count) / correction

        if length > 5.0 then
            ValueSome(sqrt ((length - 4.0) * (length - 2.0) * most / ((most - 4.0) * (most - 2.0) * length)))
        else
            ValueNone

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rec rule
        (beta1: float, beta2: float, eps: float, weightDecay: float, decoupledWeightDecay: bool, maximize: bool)
        : Rule =
        // Weight decay is part of the gradient, or shrinks the weights themselves.
        let coupled = if decoupledWeightDecay then 0.0 else weightDecay
        let decoupled = if decoupledWeightDecay then weightDecay else 0.0

        {
            Name = "RAdam"
            Slots = Moments.slots
            Validate =
                fun () ->
                    decayRate (nameof beta1) beta1
                    decayRate (nameof beta2) beta2
                    notNegative (nameof eps) eps
                    notNegative (nameof weightDecay) weightDecay
            Update =
                fun rate count gradient slots weights ->
                    if decoupledWeightDecay then
                        Moments.decay rate weightDecay weights

                    Descent.along maximize coupled gradient weights (fun direction ->
                        Moments.first beta1 direction slots[0]
                        Moments.second beta2 direction slots[1])

                    let step = -rate / Moments.correction beta1 count

                    match rectification beta2 count with
                    | ValueSome scale ->
                        use below = Moments.root eps slots[1]
                        let spread = sqrt (Moments.correction beta2 count)
                        InPlace.addQuotient (step * scale * spread) slots[0] below weights
                    | ValueNone -> InPlace.add step slots[0] weights
            Decay = weightDecay
            Momentum = Some beta1
            With = fun decay beta1 -> rule (beta1, beta2, eps, decay, decoupledWeightDecay, maximize)
            Eps = Some eps
            Bound =
                fun before ->
                    let direction = Bounds.direction coupled before
                    let mean = Bounds.mean beta1 direction before.Slots[0]
                    let quotient = max mean (Bounds.quotient mean eps before)

                    struct ([| mean; Bounds.mean beta2 (direction * direction) before.Slots[1] |],
                            before
                            |> Bounds.decayed decoupled
                            |> Bounds.moved (before.Rate / (1.0 - beta1)) quotient)
            OnePass = None
        }

    /// TorchSharp's RAdam.
    let mirror: Mirror =
        Mirror.create<Modules.RAdam, Modules.RAdam.Options, Modules.RAdam.State>
            (fun it -> rule (number it.beta1, number it.beta2, number it.eps, number it.weight_decay, false, false))
            [
                "exp_avg", _.exp_avg, (fun state slot -> state.exp_avg <- slot)
                "exp_avg_sq", _.exp_avg_sq, (fun state slot -> state.exp_avg_sq <- slot)
            ]
            _.step
            (fun _ state count -> state.step <- count)
