namespace MetricLearning

open TorchSharp
open MetricLearning.Mirror
open MetricLearning.Ranges

/// RMSProp (Hinton's lecture 6e, 2012; centered: Graves 2013): v ← αv + (1 − α)g², w ← w − rate · g / (√v + ε), where
/// centered takes v − (mean of g)² for v, and momentum sums up the quotients.
module internal RmsProp =

    // A momentum that a schedule moves may be 0 for a while; its sum is kept all the same.
    let rec private create
        (sums: bool)
        (alpha: float, eps: float, weightDecay: float, momentum: float, centered: bool, maximize: bool)
        : Rule =
        // √v + ε; the mean of the gradients is the last slot.
        let spread (direction: torch.Tensor) (slots: torch.Tensor[]) =
            if centered then
                let mean = slots[slots.Length - 1]
                Moments.first alpha direction mean
                let variance = slots[0].addcmul(mean, mean, Numeric.scalar -1.0)
                variance.sqrt_ () |> ignore
                InPlace.addConstant eps variance
                variance
            else
                Moments.root eps slots[0]

        {
            Name = "RMSProp"
            Slots =
                [|
                    Rule.zero "square_avg"
                    if sums then
                        Rule.zero "momentum_buffer"
                    if centered then
                        Rule.zero "grad_avg"
                |]
            Validate =
                fun () ->
                    notNegative (nameof alpha) alpha
                    notNegative (nameof eps) eps
                    notNegative (nameof weightDecay) weightDecay
                    notNegative (nameof momentum) momentum
            Update =
                fun rate _ gradient slots weights ->
                    Descent.along maximize weightDecay gradient weights (fun direction ->
                        Moments.second alpha direction slots[0]
                        use below = spread direction slots

                        if sums then
                            InPlace.scale momentum slots[1]
                            InPlace.addQuotient 1.0 direction below slots[1]
                            InPlace.add -rate slots[1] weights
                        else
                            InPlace.addQuotient -rate direction below weights)
            Decay = weightDecay
            Momentum = if sums then Some momentum else None
            With = fun decay momentum -> create sums (alpha, eps, decay, momentum, centered, maximize)
            Eps = Some eps
            Bound =
                fun before ->
                    let direction = Bounds.direction weightDecay before
                    let square = Bounds.mean alpha (direction * direction) before.Slots[0]
                    // The variance of centered can come out below 0, and its root is not a number then.
                    let quotient =
                        if centered then
                            infinity
                        else
                            Bounds.quotient direction eps before

                    if sums then
                        let sum = momentum * before.Slots[1] + quotient

                        struct ([|
                                    square
                                    sum
                                    if centered then
                                        infinity
                                |],
                                Bounds.moved before.Rate sum before.Weights)
                    else
                        struct ([|
                                    square
                                    if centered then
                                        infinity
                                |],
                                Bounds.moved before.Rate quotient before.Weights)
            OnePass = None
        }

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rule (alpha: float, eps: float, weightDecay: float, momentum: float, centered: bool, maximize: bool) : Rule =
        create (momentum > 0.0) (alpha, eps, weightDecay, momentum, centered, maximize)

    /// TorchSharp's RMSProp.
    let mirror: Mirror =
        Mirror.create<Modules.RMSProp, Modules.RMSProp.Options, Modules.RMSProp.State>
            (fun it ->
                rule (
                    number it.alpha,
                    number it.eps,
                    number it.weight_decay,
                    number it.momentum,
                    flag it.centered,
                    flag it.maximize
                ))
            [
                "square_avg", _.square_avg, (fun state slot -> state.square_avg <- slot)
                "momentum_buffer", _.momentum_buffer, (fun state slot -> state.momentum_buffer <- slot)
                "grad_avg", _.grad_avg, (fun state slot -> state.grad_avg <- slot)
            ]
            _.step
            (fun _ state count -> state.step <- count)
