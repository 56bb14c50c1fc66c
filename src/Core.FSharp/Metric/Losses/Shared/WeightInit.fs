namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Core

/// Initial values of class weights: functions that fill them in place.
module internal WeightInit =

    let private drawing (fill: torch.Tensor -> torch.Tensor) : Action<torch.Tensor> =
        Action<_>(fun weights -> Locks.drawing [||] (fun () -> fill weights |> ignore))

    /// Standard normal numbers.
    let normal: Action<torch.Tensor> =
        drawing (fun weights -> torch.nn.init.normal_ weights)

    /// Uniform numbers in [−1, 1).
    let uniform: Action<torch.Tensor> =
        drawing (fun weights -> torch.nn.init.uniform_ (weights, -1.0, 1.0))

    /// Normal numbers as of He et al. 2015, by the number of outputs.
    let kaimingNormalFanOut: Action<torch.Tensor> =
        drawing (fun weights -> torch.nn.init.kaiming_normal_ (weights, mode = torch.nn.init.FanInOut.FanOut))

    /// Uniform numbers as of He et al. 2015, with the slope √5.
    let kaimingUniform: Action<torch.Tensor> =
        drawing (fun weights -> torch.nn.init.kaiming_uniform_ (weights, a = sqrt 5.0))
