namespace MetricLearning

open TorchSharp

/// Options of Adadelta, as in PyTorch.
type internal Adadelta =
    {
        /// How much of the means of squares is kept at every step.
        Rho: float
        /// Added to the divisor, so that it is never 0.
        Eps: float
        /// What share of the weights is added to their gradient.
        WeightDecay: float
        /// Climbs the loss instead of descending.
        Maximize: bool
    }

/// Adadelta (Zeiler 2012): v ← ρv + (1 − ρ)g², δ = √(a + ε) / √(v + ε) · g, w ← w − rate · δ, a ← ρa + (1 − ρ)δ².
module internal Adadelta =

    let defaults: Adadelta =
        {
            Rho = 0.9
            Eps = 1e-6
            WeightDecay = 0.0
            Maximize = false
        }

    let validate (options: Adadelta) : unit =
        Ranges.require "rho" (options.Rho >= 0.0 && options.Rho <= 1.0) "from 0 to 1" options.Rho
        Ranges.notNegative "eps" options.Eps
        Ranges.notNegative "weightDecay" options.WeightDecay

    let slots: SlotSpec[] = [| SlotSpec.zero "square_avg"; SlotSpec.zero "acc_delta" |]

    let private plus (eps: float) (tensor: torch.Tensor) =
        use eps = eps.ToScalar()
        use one = 1.0.ToScalar()
        tensor.add (eps, one)

    let update
        (options: Adadelta)
        (rate: float)
        (gradient: torch.Tensor)
        (slots: torch.Tensor[])
        (weights: torch.Tensor)
        : unit =
        Descent.along options.Maximize options.WeightDecay gradient weights (fun direction ->
            Moments.second options.Rho direction slots[0]
            use below = plus options.Eps slots[0]
            use delta = plus options.Eps slots[1]
            delta.div_(below).sqrt_().mul_(direction) |> ignore
            InPlace.add -rate delta weights
            Moments.second options.Rho delta slots[1])
