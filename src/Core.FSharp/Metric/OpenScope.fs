namespace MetricLearning

open TorchSharp

/// The dispose scope that is current when this is made, for as long as it lasts: until then it can take tensors in, which a scope
/// that has ended must not.
[<Sealed>]
type internal OpenScope() =
    let scope = torch.CurrentDisposeScope
    // It goes when the scope ends.
    let witness = torch.empty 0L

    /// False where there was no scope, and once it has ended.
    member _.IsOpen = not (isNull scope) && not witness.IsInvalid

    /// Moves a tensor of the current scope into this one.
    member _.Take(tensor: torch.Tensor) : torch.Tensor =
        // Moving it to where it is would take it out of the scope that goes on being its owner.
        if obj.ReferenceEquals(torch.CurrentDisposeScope, scope) then
            tensor
        else
            tensor.MoveToOtherDisposeScope(nonNull scope)
