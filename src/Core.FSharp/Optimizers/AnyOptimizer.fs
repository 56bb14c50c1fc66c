namespace MetricLearning

open System
open TorchSharp

/// <summary>An optimizer of this library (<see cref="PureOptimizer"/>) or of TorchSharp.</summary>
[<AbstractClass>]
type AnyOptimizer internal () =

    /// <summary>TorchSharp's own optimizer, over the parameters it was made with.</summary>
    static member Torch(optimizer: torch.optim.Optimizer) : AnyOptimizer =
        ArgumentNullException.ThrowIfNull(optimizer, nameof optimizer)
        TorchOptimizer optimizer

    /// <summary>TorchSharp's own optimizer, over the parameters it was made with.</summary>
    static member op_Implicit(optimizer: torch.optim.Optimizer) : AnyOptimizer = AnyOptimizer.Torch optimizer

and [<Sealed>] internal TorchOptimizer(optimizer: torch.optim.Optimizer) =
    inherit AnyOptimizer()
    member _.Optimizer = optimizer
