namespace MetricLearning

open TorchSharp
open MetricLearning.Mirror
open MetricLearning.Ranges

/// Adadelta (Zeiler 2012): v ← ρv + (1 − ρ)g², δ = √(a + ε) / √(v + ε) · g, w ← w − rate · δ, a ← ρa + (1 − ρ)δ².
module internal Adadelta =

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rec rule (rho: float, eps: float, weightDecay: float, maximize: bool) : Rule =
        {
            Name = "Adadelta"
            Slots = [| Rule.zero "square_avg"; Rule.zero "acc_delta" |]
            Validate =
                fun () ->
                    require (nameof rho) (rho >= 0.0 && rho <= 1.0) "from 0 to 1" rho
                    notNegative (nameof eps) eps
                    notNegative (nameof weightDecay) weightDecay
            Update =
                fun rate _ gradient slots weights ->
                    Descent.along maximize weightDecay gradient weights (fun direction ->
                        Moments.second rho direction slots[0]
                        use below = slots[0] .+ eps
                        use delta = slots[1] .+ eps
                        delta.div_(below).sqrt_().mul_(direction) |> ignore
                        InPlace.add -rate delta weights
                        Moments.second rho delta slots[1])
            Decay = weightDecay
            Momentum = None
            With = fun decay _ -> rule (rho, eps, decay, maximize)
            Eps = Some eps
            Bound =
                fun before ->
                    let direction = Bounds.direction weightDecay before
                    let square = Bounds.mean rho (direction * direction) before.Slots[0]
                    let ratio = Bounds.quotient (before.Slots[1] + eps) eps before
                    let delta = max ratio (sqrt ratio * direction)

                    struct ([| square; Bounds.mean rho (delta * delta) before.Slots[1] |],
                            Bounds.moved before.Rate delta before.Weights)
            OnePass = None
        }

    /// TorchSharp's Adadelta.
    let mirror: Mirror =
        Mirror.create<Modules.Adadelta, Modules.Adadelta.Options, Modules.Adadelta.State>
            (fun it -> rule (number it.rho, number it.eps, number it.weight_decay, flag it.maximize))
            [
                "square_avg", _.square_avg, (fun state slot -> state.square_avg <- slot)
                "acc_delta", _.acc_delta, (fun state slot -> state.acc_delta <- slot)
            ]
            _.step
            (fun _ state count -> state.step <- count)
