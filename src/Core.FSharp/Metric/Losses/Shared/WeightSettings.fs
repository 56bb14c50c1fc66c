namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// What a loss with class weights can be given for them.
[<NoComparison; ReferenceEquality>]
type WeightSettings =
    {
        /// Fills the weights in place; null: as the loss's paper does.
        Init: Action<torch.Tensor> | null
        /// A cost of the weights themselves, as (classes × D).
        Regularizer: Regularizer | null
        /// What that cost is multiplied by.
        RegWeight: double
    }

/// Settings of class weights.
module WeightSettings =

    /// Nothing but defaults.
    let defaults: WeightSettings =
        {
            Init = null
            Regularizer = null
            RegWeight = 1.0
        }

    /// Standard normal numbers.
    let normal: Action<torch.Tensor> =
        Action<_>(fun weights -> torch.nn.init.normal_ weights |> ignore)

    /// As He et al. 2015, by the number of outputs.
    let kaimingNormalFanOut: Action<torch.Tensor> =
        Action<_>(fun weights ->
            torch.nn.init.kaiming_normal_ (weights, mode = torch.nn.init.FanInOut.FanOut)
            |> ignore)

    /// The settings with a loss's own way to fill weights where none is given.
    let orElse (init: Action<torch.Tensor>) (settings: WeightSettings) : WeightSettings =
        { settings with
            Init =
                match settings.Init with
                | null -> init
                | given -> given
        }
