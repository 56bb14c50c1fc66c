namespace MetricLearning.Core

open TorchSharp.Modules

/// The pure twin of a TorchSharp optimizer's options, and where it keeps its slots.
module internal TorchRule =

    /// The types that have a twin. A class derived from one may step in its own way, so it has none.
    let isKnown (optimizer: TorchSharp.torch.optim.Optimizer) : bool =
        let kinds =
            [
                typeof<SGD>
                typeof<TorchSharp.Modules.Adam>
                typeof<AdamW>
                typeof<RMSProp>
                typeof<TorchSharp.Modules.Adagrad>
                typeof<TorchSharp.Modules.Adadelta>
                typeof<TorchSharp.Modules.Adamax>
                typeof<TorchSharp.Modules.NAdam>
                typeof<TorchSharp.Modules.RAdam>
            ]

        List.contains (optimizer.GetType()) kinds

    /// The rule that these options describe now.
    let read (options: OptimizerOptions) : Rule =
        match options with
        | :? SGD.Options as it ->
            Rule.Sgd
                {
                    Momentum = it.momentum.Value
                    Dampening = it.dampening.Value
                    WeightDecay = it.weight_decay.Value
                    Nesterov = it.nesterov.Value
                    Maximize = it.maximize.Value
                }
        | :? Adam.Options as it ->
            Rule.Adam
                {
                    Beta1 = it.beta1.Value
                    Beta2 = it.beta2.Value
                    Eps = it.eps.Value
                    WeightDecay = it.weight_decay.Value
                    AmsGrad = it.amsgrad.Value
                    Maximize = it.maximize.Value
                }
        | :? AdamW.Options as it ->
            Rule.AdamW
                {
                    Beta1 = it.beta1.Value
                    Beta2 = it.beta2.Value
                    Eps = it.eps.Value
                    WeightDecay = it.weight_decay.Value
                    AmsGrad = it.amsgrad.Value
                    Maximize = it.maximize.Value
                }
        | :? RMSProp.Options as it ->
            Rule.RmsProp
                {
                    Alpha = it.alpha.Value
                    Eps = it.eps.Value
                    WeightDecay = it.weight_decay.Value
                    Momentum = it.momentum.Value
                    Centered = it.centered.Value
                    Maximize = it.maximize.Value
                }
        | :? Adagrad.Options as it ->
            Rule.Adagrad
                {
                    LrDecay = it.lr_decay.Value
                    WeightDecay = it.weight_decay.Value
                    InitialAccumulatorValue = it.initial_accumulator_value.Value
                    Eps = it.eps.Value
                    Maximize = false
                }
        | :? Adadelta.Options as it ->
            Rule.Adadelta
                {
                    Rho = it.rho.Value
                    Eps = it.eps.Value
                    WeightDecay = it.weight_decay.Value
                    Maximize = it.maximize.Value
                }
        | :? Adamax.Options as it ->
            Rule.Adamax
                {
                    Beta1 = it.beta1.Value
                    Beta2 = it.beta2.Value
                    Eps = it.eps.Value
                    WeightDecay = it.weight_decay.Value
                    Maximize = false
                }
        | :? NAdam.Options as it ->
            Rule.NAdam
                {
                    Beta1 = it.beta1.Value
                    Beta2 = it.beta2.Value
                    Eps = it.eps.Value
                    WeightDecay = it.weight_decay.Value
                    MomentumDecay = it.momentum_decay.Value
                    DecoupledWeightDecay = false
                    Maximize = false
                }
        | :? RAdam.Options as it ->
            Rule.RAdam
                {
                    Beta1 = it.beta1.Value
                    Beta2 = it.beta2.Value
                    Eps = it.eps.Value
                    WeightDecay = it.weight_decay.Value
                    DecoupledWeightDecay = false
                    Maximize = false
                }
        | other -> invalidArg (nameof options) $"{other.GetType().FullName} has no pure twin."
