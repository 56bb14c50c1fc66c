namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// Reading the options of TorchSharp's optimizers.
module internal TorchRule =

    let private number (value: Nullable<float>) = value.GetValueOrDefault()
    let private flag (value: Nullable<bool>) = value.GetValueOrDefault()

    let private adam (options: Modules.Adam.Options) : Adam =
        {
            Beta1 = number options.beta1
            Beta2 = number options.beta2
            Eps = number options.eps
            WeightDecay = number options.weight_decay
            AmsGrad = flag options.amsgrad
            Maximize = flag options.maximize
        }

    let private adamW (options: Modules.AdamW.Options) : Adam =
        {
            Beta1 = number options.beta1
            Beta2 = number options.beta2
            Eps = number options.eps
            WeightDecay = number options.weight_decay
            AmsGrad = flag options.amsgrad
            Maximize = flag options.maximize
        }

    /// The rule that the options of a parameter group stand for; None for an optimizer without a twin.
    let ofOptions (options: Modules.OptimizerOptions) : Rule option =
        match options with
        | :? Modules.SGD.Options as sgd ->
            {
                Momentum = number sgd.momentum
                Dampening = number sgd.dampening
                WeightDecay = number sgd.weight_decay
                Nesterov = flag sgd.nesterov
                Maximize = flag sgd.maximize
            }
            |> Rule.Sgd
            |> Some
        | :? Modules.Adam.Options as options -> Some(Rule.Adam(adam options))
        | :? Modules.AdamW.Options as options -> Some(Rule.AdamW(adamW options))
        | :? Modules.RMSProp.Options as rms ->
            {
                Alpha = number rms.alpha
                Eps = number rms.eps
                WeightDecay = number rms.weight_decay
                Momentum = number rms.momentum
                Centered = flag rms.centered
                Maximize = flag rms.maximize
            }
            |> Rule.RmsProp
            |> Some
        | :? Modules.Adagrad.Options as ada ->
            {
                LrDecay = number ada.lr_decay
                WeightDecay = number ada.weight_decay
                InitialAccumulatorValue = number ada.initial_accumulator_value
                Eps = number ada.eps
                Maximize = false
            }
            |> Rule.Adagrad
            |> Some
        | :? Modules.Adadelta.Options as ada ->
            {
                Rho = number ada.rho
                Eps = number ada.eps
                WeightDecay = number ada.weight_decay
                Maximize = flag ada.maximize
            }
            |> Rule.Adadelta
            |> Some
        | :? Modules.Adamax.Options as ada ->
            {
                Beta1 = number ada.beta1
                Beta2 = number ada.beta2
                Eps = number ada.eps
                WeightDecay = number ada.weight_decay
                Maximize = false
            }
            |> Rule.Adamax
            |> Some
        | :? Modules.NAdam.Options as ada ->
            {
                Beta1 = number ada.beta1
                Beta2 = number ada.beta2
                Eps = number ada.eps
                WeightDecay = number ada.weight_decay
                MomentumDecay = number ada.momentum_decay
                DecoupledWeightDecay = false
                Maximize = false
            }
            |> Rule.NAdam
            |> Some
        | :? Modules.RAdam.Options as ada ->
            { RAdam.defaults with
                Beta1 = number ada.beta1
                Beta2 = number ada.beta2
                Eps = number ada.eps
                WeightDecay = number ada.weight_decay
            }
            |> Rule.RAdam
            |> Some
        | _ -> None
