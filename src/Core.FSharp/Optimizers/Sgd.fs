namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Mirror
open MetricLearning.Ranges

/// Stochastic gradient descent with momentum (Sutskever et al. 2013, in PyTorch's form):
/// b ← momentum · b + (1 − dampening) · g (b ← g in the first step), w ← w − rate · b, or with Nesterov
/// w ← w − rate · (g + momentum · b).
module internal Sgd =

    // A momentum that a schedule moves may be 0 for a while; its sum is kept all the same.
    let rec private create
        (sums: bool)
        (momentum: float, dampening: float, weightDecay: float, nesterov: bool, maximize: bool)
        : Rule =
        let sum (count: int64) (direction: torch.Tensor) (buffer: torch.Tensor) =
            if count = 1L then
                buffer.copy_ direction |> ignore
            else
                InPlace.scale momentum buffer
                InPlace.add (1.0 - dampening) direction buffer

        {
            Name = "SGD"
            Slots =
                [|
                    if sums then
                        Rule.zero "momentum_buffer"
                |]
            Validate =
                fun () ->
                    notNegative (nameof momentum) momentum
                    notNegative (nameof weightDecay) weightDecay
                    require (nameof dampening) (Double.IsFinite dampening) "finite" dampening

                    if nesterov && (not sums || dampening <> 0.0) then
                        invalidArg (nameof nesterov) "nesterov needs a momentum above 0 and no dampening."
            Update =
                fun rate count gradient slots weights ->
                    // To maximize, it climbs g − decay · w, so that the buffer has the sign that TorchSharp's has.
                    let decay, step = if maximize then -weightDecay, rate else weightDecay, -rate

                    Descent.along false decay gradient weights (fun direction ->
                        if not sums then
                            InPlace.add step direction weights
                        else
                            sum count direction slots[0]

                            if nesterov then
                                InPlace.add step direction weights
                                InPlace.add (step * momentum) slots[0] weights
                            else
                                InPlace.add step slots[0] weights)
            Decay = weightDecay
            Momentum = if sums then Some momentum else None
            With = fun decay momentum -> create sums (momentum, dampening, decay, nesterov, maximize)
            Eps = None
            Bound =
                fun before ->
                    let direction = Bounds.direction weightDecay before

                    if not sums then
                        struct ([||], Bounds.moved before.Rate direction before.Weights)
                    else
                        let sum =
                            max direction (momentum * before.Slots[0] + abs (1.0 - dampening) * direction)

                        let step = if nesterov then direction + momentum * sum else sum
                        struct ([| sum |], Bounds.moved before.Rate step before.Weights)
            OnePass = None
        }

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rule (momentum: float, dampening: float, weightDecay: float, nesterov: bool, maximize: bool) : Rule =
        create (momentum <> 0.0) (momentum, dampening, weightDecay, nesterov, maximize)

    // SGD does not count: TorchSharp takes a buffer for a step, so before the first there must be none.
    let private setCount (state: Modules.SGD.State) (count: int64) =
        match state.momentum_buffer with
        | null -> ()
        | buffer when count = 0L ->
            buffer.Dispose()
            state.momentum_buffer <- null
        | _ -> ()

    /// TorchSharp's SGD.
    let mirror: Mirror =
        Mirror.create<Modules.SGD, Modules.SGD.Options, Modules.SGD.State>
            (fun it ->
                rule (
                    number it.momentum,
                    number it.dampening,
                    number it.weight_decay,
                    flag it.nesterov,
                    flag it.maximize
                ))
            [
                "momentum_buffer", _.momentum_buffer, (fun state slot -> state.momentum_buffer <- slot)
            ]
            (fun state -> if isNull state.momentum_buffer then 0L else 1L)
            (fun _ state count -> setCount state count)
