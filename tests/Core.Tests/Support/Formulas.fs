module MetricLearning.Core.Tests.Support.Formulas

open System

/// The nine kinds of optimizers.
type Kind =
    | SGD
    | Adam
    | AdamW
    | RMSProp
    | Adagrad
    | Adadelta
    | Adamax
    | NAdam
    | RAdam

/// Options of all kinds; each kind uses some.
type Options =
    {
        Momentum: float
        Dampening: float
        Nesterov: bool
        Beta1: float
        Beta2: float
        Eps: float
        AmsGrad: bool
        Alpha: float
        Centered: bool
        LrDecay: float
        InitialAccumulatorValue: float
        Rho: float
        MomentumDecay: float
        DecoupledWeightDecay: bool
        WeightDecay: float
        Maximize: bool
    }

let options: Options =
    {
        Momentum = 0.0
        Dampening = 0.0
        Nesterov = false
        Beta1 = 0.9
        Beta2 = 0.999
        Eps = 1e-8
        AmsGrad = false
        Alpha = 0.99
        Centered = false
        LrDecay = 0.0
        InitialAccumulatorValue = 0.0
        Rho = 0.9
        MomentumDecay = 4e-3
        DecoupledWeightDecay = false
        WeightDecay = 0.0
        Maximize = false
    }

/// One weight under each rule, number by number, from the formulas in PyTorch's documentation. Slots start at zero
/// unless the formula says otherwise.
let follow (kind: Kind) (o: Options) (rate: float) (start: float) (gradients: float list) : float =
    let mutable w = start

    let mutable a, b, c =
        (if kind = Adagrad then o.InitialAccumulatorValue else 0.0), 0.0, 0.0

    let mutable product = 1.0

    let direction decay gradient =
        (if o.Maximize then -gradient else gradient) + decay * w

    let moments beta1 beta2 g =
        a <- beta1 * a + (1.0 - beta1) * g
        b <- beta2 * b + (1.0 - beta2) * g * g

    let adam t g =
        moments o.Beta1 o.Beta2 g
        c <- max c b
        let mean = a / (1.0 - Math.Pow(o.Beta1, t))
        let square = (if o.AmsGrad then c else b) / (1.0 - Math.Pow(o.Beta2, t))
        w <- w - rate * mean / (sqrt square + o.Eps)

    gradients
    |> List.iteri (fun index gradient ->
        let t = float (index + 1)

        match kind with
        | SGD ->
            let g = direction o.WeightDecay gradient

            a <-
                if t = 1.0 then
                    g
                else
                    o.Momentum * a + (1.0 - o.Dampening) * g

            w <-
                w
                - rate
                  * (if o.Momentum = 0.0 then g
                     elif o.Nesterov then g + o.Momentum * a
                     else a)
        | Adam -> adam t (direction o.WeightDecay gradient)
        | AdamW ->
            w <- w - rate * o.WeightDecay * w
            adam t (direction 0.0 gradient)
        | RMSProp ->
            let g = direction o.WeightDecay gradient
            a <- o.Alpha * a + (1.0 - o.Alpha) * g * g
            b <- o.Alpha * b + (1.0 - o.Alpha) * g
            let variance = if o.Centered then a - b * b else a
            let quotient = g / (sqrt variance + o.Eps)
            c <- o.Momentum * c + quotient
            w <- w - rate * c
        | Adagrad ->
            let g = direction o.WeightDecay gradient
            a <- a + g * g
            w <- w - rate / (1.0 + (t - 1.0) * o.LrDecay) * g / (sqrt a + o.Eps)
        | Adadelta ->
            let g = direction o.WeightDecay gradient
            a <- o.Rho * a + (1.0 - o.Rho) * g * g
            let delta = sqrt (b + o.Eps) / sqrt (a + o.Eps) * g
            b <- o.Rho * b + (1.0 - o.Rho) * delta * delta
            w <- w - rate * delta
        | Adamax ->
            let g = direction o.WeightDecay gradient
            a <- o.Beta1 * a + (1.0 - o.Beta1) * g
            b <- max (o.Beta2 * b) (abs g + o.Eps)
            w <- w - rate / (1.0 - Math.Pow(o.Beta1, t)) * a / b
        | NAdam ->
            if o.DecoupledWeightDecay then
                w <- w - rate * o.WeightDecay * w

            let decay = if o.DecoupledWeightDecay then 0.0 else o.WeightDecay
            let g = direction decay gradient
            moments o.Beta1 o.Beta2 g

            let mu t =
                o.Beta1 * (1.0 - 0.5 * Math.Pow(0.96, t * o.MomentumDecay))

            product <- product * mu t
            let next = product * mu (t + 1.0)
            let mean = mu (t + 1.0) * a / (1.0 - next) + (1.0 - mu t) * g / (1.0 - product)
            w <- w - rate * mean / (sqrt (b / (1.0 - Math.Pow(o.Beta2, t))) + o.Eps)
        | RAdam ->
            if o.DecoupledWeightDecay then
                w <- w - rate * o.WeightDecay * w

            let decay = if o.DecoupledWeightDecay then 0.0 else o.WeightDecay
            let g = direction decay gradient
            moments o.Beta1 o.Beta2 g
            let mean = a / (1.0 - Math.Pow(o.Beta1, t))
            let power = Math.Pow(o.Beta2, t)
            let most = 2.0 / (1.0 - o.Beta2) - 1.0
            let length = most - 2.0 * t * power / (1.0 - power)

            if length > 5.0 then
                let r =
                    sqrt ((length - 4.0) * (length - 2.0) * most / ((most - 4.0) * (most - 2.0) * length))

                w <- w - rate * mean * r * sqrt (1.0 - power) / (sqrt b + o.Eps)
            else
                w <- w - rate * mean)

    w
