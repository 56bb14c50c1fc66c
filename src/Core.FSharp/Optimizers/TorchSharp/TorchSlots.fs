namespace MetricLearning

open MetricLearning.Core
open TorchSharp

/// The slots and the step count that TorchSharp's optimizers keep for a parameter.
module internal TorchSlots =

    /// The slot of this name, as PyTorch calls it; null while there is none.
    let tensor (name: string) (state: Modules.OptimizerState) : torch.Tensor | null =
        match state, name with
        | :? Modules.SGD.State as state, _ -> state.momentum_buffer
        | :? Modules.Adam.State as state, "exp_avg" -> state.exp_avg
        | :? Modules.Adam.State as state, "exp_avg_sq" -> state.exp_avg_sq
        | :? Modules.Adam.State as state, _ -> state.max_exp_avg_sq
        | :? Modules.AdamW.State as state, "exp_avg" -> state.exp_avg
        | :? Modules.AdamW.State as state, "exp_avg_sq" -> state.exp_avg_sq
        | :? Modules.AdamW.State as state, _ -> state.max_exp_avg_sq
        | :? Modules.RMSProp.State as state, "square_avg" -> state.square_avg
        | :? Modules.RMSProp.State as state, "momentum_buffer" -> state.momentum_buffer
        | :? Modules.RMSProp.State as state, _ -> state.grad_avg
        | :? Modules.Adagrad.State as state, _ -> state.sum
        | :? Modules.Adadelta.State as state, "square_avg" -> state.square_avg
        | :? Modules.Adadelta.State as state, _ -> state.acc_delta
        | :? Modules.Adamax.State as state, "exp_avg" -> state.exp_avg
        | :? Modules.Adamax.State as state, _ -> state.exp_inf
        | :? Modules.NAdam.State as state, "exp_avg" -> state.exp_avg
        | :? Modules.NAdam.State as state, _ -> state.exp_avg_sq
        | :? Modules.RAdam.State as state, "exp_avg" -> state.exp_avg
        | :? Modules.RAdam.State as state, _ -> state.exp_avg_sq
        | _ -> null

    /// How often the parameter was stepped. SGD does not count: a momentum buffer tells that there was a step.
    let count (state: Modules.OptimizerState) : int64 =
        match state with
        | :? Modules.SGD.State as state -> if isNull state.momentum_buffer then 0L else 1L
        | :? Modules.Adam.State as state -> state.step
        | :? Modules.AdamW.State as state -> state.step
        | :? Modules.RMSProp.State as state -> state.step
        | :? Modules.Adagrad.State as state -> state.step
        | :? Modules.Adadelta.State as state -> state.step
        | :? Modules.Adamax.State as state -> state.step
        | :? Modules.NAdam.State as state -> state.step
        | :? Modules.RAdam.State as state -> state.step
        | _ -> 0L

    /// Sets how often the parameter was stepped, and what follows from that.
    let setCount (rule: Rule) (count: int64) (state: Modules.OptimizerState) : unit =
        match state, rule with
        | (:? Modules.SGD.State as state), _ ->
            // TorchSharp takes a buffer for a step, so before the first there must be none.
            match state.momentum_buffer with
            | null -> ()
            | buffer when count = 0L ->
                buffer.Dispose()
                state.momentum_buffer <- null
            | _ -> ()
        | (:? Modules.Adam.State as state), _ -> state.step <- count
        | (:? Modules.AdamW.State as state), _ -> state.step <- count
        | (:? Modules.RMSProp.State as state), _ -> state.step <- count
        | (:? Modules.Adagrad.State as state), _ -> state.step <- count
        | (:? Modules.Adadelta.State as state), _ -> state.step <- count
        | (:? Modules.Adamax.State as state), _ -> state.step <- count
        | (:? Modules.NAdam.State as state), Rule.NAdam options ->
            state.step <- count
            state.mu_product <- NAdam.product options count
        | (:? Modules.RAdam.State as state), _ -> state.step <- count
        | _ -> ()

    let private replace (name: string) (tensor: torch.Tensor) (state: Modules.OptimizerState) : unit =
        match state, name with
        | :? Modules.SGD.State as state, _ -> state.momentum_buffer <- tensor
        | :? Modules.Adam.State as state, "exp_avg" -> state.exp_avg <- tensor
        | :? Modules.Adam.State as state, "exp_avg_sq" -> state.exp_avg_sq <- tensor
        | :? Modules.Adam.State as state, _ -> state.max_exp_avg_sq <- tensor
        | :? Modules.AdamW.State as state, "exp_avg" -> state.exp_avg <- tensor
        | :? Modules.AdamW.State as state, "exp_avg_sq" -> state.exp_avg_sq <- tensor
        | :? Modules.AdamW.State as state, _ -> state.max_exp_avg_sq <- tensor
        | :? Modules.RMSProp.State as state, "square_avg" -> state.square_avg <- tensor
        | :? Modules.RMSProp.State as state, "momentum_buffer" -> state.momentum_buffer <- tensor
        | :? Modules.RMSProp.State as state, _ -> state.grad_avg <- tensor
        | :? Modules.Adagrad.State as state, _ -> state.sum <- tensor
        | :? Modules.Adadelta.State as state, "square_avg" -> state.square_avg <- tensor
        | :? Modules.Adadelta.State as state, _ -> state.acc_delta <- tensor
        | :? Modules.Adamax.State as state, "exp_avg" -> state.exp_avg <- tensor
        | :? Modules.Adamax.State as state, _ -> state.exp_inf <- tensor
        | :? Modules.NAdam.State as state, "exp_avg" -> state.exp_avg <- tensor
        | :? Modules.NAdam.State as state, _ -> state.exp_avg_sq <- tensor
        | :? Modules.RAdam.State as state, "exp_avg" -> state.exp_avg <- tensor
        | :? Modules.RAdam.State as state, _ -> state.exp_avg_sq <- tensor
        | _ -> tensor.Dispose()

    /// Makes the slot of this name show a view; nothing is copied. The optimizer's own tensor goes on where it is alive
    /// (TorchSharp disposes slots that are loaded inside a dispose scope).
    let show (name: string) (view: torch.Tensor) (state: Modules.OptimizerState) : unit =
        match tensor name state with
        | NonNull slot when not slot.IsInvalid -> slot.set_ view |> ignore
        | _ -> replace name (view.alias().DetachFromDisposeScope()) state
