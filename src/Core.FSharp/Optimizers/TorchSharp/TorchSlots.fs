namespace MetricLearning

open TorchSharp

/// Binding slots of TorchSharp's optimizers to flat vectors.
module internal TorchSlots =

    /// Makes a slot show a view; nothing is copied. The optimizer's own tensor goes on where it is alive (TorchSharp
    /// disposes slots that are loaded inside a dispose scope).
    let bind (view: torch.Tensor) (slot: TorchSlot) (state: Modules.OptimizerState) : unit =
        match slot.Get state with
        | NonNull tensor when not tensor.IsInvalid && tensor.dtype = view.dtype -> tensor.set_ view |> ignore
        | _ -> slot.Set state (view.alias().DetachFromDisposeScope())
