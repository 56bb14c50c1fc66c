namespace MetricLearning

open TorchSharp
open MetricLearning.Mirror
open MetricLearning.Ranges

/// Adam (Kingma & Ba 2015), with AMSGrad (Reddi et al. 2018):
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − rate / (1 − β₁ᵗ) · m / (√(v / (1 − β₂ᵗ)) + ε).
module internal Adam =

    /// Adam, or with `decoupled` weight decay AdamW.
    let rec create
        (name: string)
        (decoupled: bool)
        (beta1: float, beta2: float, eps: float, weightDecay: float, amsgrad: bool, maximize: bool)
        : Rule =
        let numbers (rate: float) (count: int64) : AdamStep =
            // Above and below are both multiplied by √(1 − β₂ᵗ), which saves a pass over the weights.
            let spread = sqrt (Moments.correction beta2 count)

            {
                Beta1 = beta1
                Beta2 = beta2
                Factor = -rate * spread / Moments.correction beta1 count
                Eps = eps * spread
                Decay = if decoupled then 0.0 else weightDecay
                Shrink = if decoupled then 1.0 - rate * weightDecay else 1.0
                AmsGrad = amsgrad
                Maximize = maximize
            }

        {
            Name = name
            Slots =
                [|
                    yield! Moments.slots

                    if amsgrad then
                        Rule.zero "max_exp_avg_sq"
                |]
            Validate =
                fun () ->
                    decayRate (nameof beta1) beta1
                    decayRate (nameof beta2) beta2
                    notNegative (nameof eps) eps
                    notNegative (nameof weightDecay) weightDecay
            Update =
                fun rate count gradient slots weights ->
                    let step = numbers rate count

                    Descent.along maximize step.Decay gradient weights (fun direction ->
                        Moments.first beta1 direction slots[0]
                        Moments.second beta2 direction slots[1])

                    if step.Shrink <> 1.0 then
                        InPlace.scale step.Shrink weights

                    if amsgrad then
                        InPlace.atLeast slots[1] slots[2]

                    use below = Moments.root step.Eps (if amsgrad then slots[2] else slots[1])
                    InPlace.addQuotient step.Factor slots[0] below weights
            Decay = weightDecay
            Momentum = Some beta1
            With = fun decay beta1 -> create name decoupled (beta1, beta2, eps, decay, amsgrad, maximize)
            Eps = Some eps
            Bound =
                fun before ->
                    let direction = Bounds.direction (if decoupled then 0.0 else weightDecay) before
                    let mean = Bounds.mean beta1 direction before.Slots[0]
                    let square = Bounds.mean beta2 (direction * direction) before.Slots[1]
                    // The first step has the least of them.
                    let least = eps * sqrt (1.0 - beta2)

                    struct ([|
                                mean
                                square
                                if amsgrad then
                                    max square before.Slots[2]
                            |],
                            before
                            |> Bounds.decayed (if decoupled then weightDecay else 0.0)
                            |> Bounds.moved (before.Rate / (1.0 - beta1)) (Bounds.quotient mean least before))
            OnePass =
                Some(fun rate count place address memory -> FusedAdam.update (numbers rate count) place address memory)
        }

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rule options : Rule = create "Adam" false options

    /// TorchSharp's Adam.
    let mirror: Mirror =
        Mirror.create<Modules.Adam, Modules.Adam.Options, Modules.Adam.State>
            (fun it ->
                rule (
                    number it.beta1,
                    number it.beta2,
                    number it.eps,
                    number it.weight_decay,
                    flag it.amsgrad,
                    flag it.maximize
                ))
            [
                "exp_avg", _.exp_avg, (fun state slot -> state.exp_avg <- slot)
                "exp_avg_sq", _.exp_avg_sq, (fun state slot -> state.exp_avg_sq <- slot)
                "max_exp_avg_sq", _.max_exp_avg_sq, (fun state slot -> state.max_exp_avg_sq <- slot)
            ]
            _.step
            (fun _ state count -> state.step <- count)
