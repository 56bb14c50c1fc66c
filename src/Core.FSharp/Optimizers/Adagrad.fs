namespace MetricLearning

open TorchSharp

/// Options of Adagrad, as in PyTorch. `InitialAccumulatorValue` is what the sum of squares starts from.
type internal Adagrad =
    {
        /// How fast the rate falls with the steps.
        LrDecay: float
        /// What share of the weights is added to their gradient.
        WeightDecay: float
        /// What the sum of squares starts from.
        InitialAccumulatorValue: float
        /// Added to the divisor, so that it is never 0.
        Eps: float
        /// Climbs the loss instead of descending.
        Maximize: bool
    }

/// Adagrad (Duchi et al. 2011): s ← s + g², w ← w − rate / (1 + (t − 1) · decay) · g / (√s + ε).
module internal Adagrad =

    let defaults: Adagrad =
        {
            LrDecay = 0.0
            WeightDecay = 0.0
            InitialAccumulatorValue = 0.0
            Eps = 1e-10
            Maximize = false
        }

    let validate (options: Adagrad) : unit =
        Ranges.notNegative "lrDecay" options.LrDecay
        Ranges.notNegative "weightDecay" options.WeightDecay
        Ranges.notNegative "initialAccumulatorValue" options.InitialAccumulatorValue
        Ranges.notNegative "eps" options.Eps

    let slots (options: Adagrad) : SlotSpec[] =
        [|
            {
                Name = "sum"
                Fill = options.InitialAccumulatorValue
            }
        |]

    let update
        (options: Adagrad)
        (rate: float)
        (count: int64)
        (gradient: torch.Tensor)
        (slots: torch.Tensor[])
        (weights: torch.Tensor)
        : unit =
        Descent.along options.Maximize options.WeightDecay gradient weights (fun direction ->
            InPlace.addProduct 1.0 direction direction slots[0]
            use below = Moments.root options.Eps slots[0]
            let rate = rate / (1.0 + float (count - 1L) * options.LrDecay)
            InPlace.addQuotient -rate direction below weights)
