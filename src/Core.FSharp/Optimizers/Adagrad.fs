namespace MetricLearning

open TorchSharp
open MetricLearning.Mirror
open MetricLearning.Ranges

/// Adagrad (Duchi et al. 2011): s ← s + g², w ← w − rate / (1 + (t − 1) · decay) · g / (√s + ε).
module internal Adagrad =

    /// The rule with these options; they are described in PureOptimizer.fs.
    let rec rule
        (lrDecay: float, weightDecay: float, initialAccumulatorValue: float, eps: float, maximize: bool)
        : Rule =
        {
            Name = "Adagrad"
            Slots =
                [|
                    {
                        Name = "sum"
                        Fill = initialAccumulatorValue
                    }
                |]
            Validate =
                fun () ->
                    notNegative (nameof lrDecay) lrDecay
                    notNegative (nameof weightDecay) weightDecay
                    notNegative (nameof initialAccumulatorValue) initialAccumulatorValue
                    notNegative (nameof eps) eps
            Update =
                fun rate count gradient slots weights ->
                    Descent.along maximize weightDecay gradient weights (fun direction ->
                        InPlace.addProduct 1.0 direction direction slots[0]
                        use below = Moments.root eps slots[0]
                        let rate = rate / (1.0 + float (count - 1L) * lrDecay)
                        InPlace.addQuotient -rate direction below weights)
            Decay = weightDecay
            Momentum = None
            With = fun decay _ -> rule (lrDecay, decay, initialAccumulatorValue, eps, maximize)
            Eps = Some eps
            Bound =
                fun before ->
                    let direction = Bounds.direction weightDecay before
                    let quotient = Bounds.quotient direction eps before

                    struct ([| before.Slots[0] + direction * direction |],
                            Bounds.moved before.Rate quotient before.Weights)
            OnePass = None
        }

    /// TorchSharp's Adagrad.
    let mirror: Mirror =
        Mirror.create<Modules.Adagrad, Modules.Adagrad.Options, Modules.Adagrad.State>
            (fun it ->
                rule (
                    number it.lr_decay,
                    number it.weight_decay,
                    number it.initial_accumulator_value,
                    number it.eps,
                    false
                ))
            [ "sum", _.sum, (fun state slot -> state.sum <- slot) ]
            _.step
            (fun _ state count -> state.step <- count)
