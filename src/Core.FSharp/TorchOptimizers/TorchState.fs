namespace MetricLearning.Core

open TorchSharp
open TorchSharp.Modules

/// The slots and the step count that a TorchSharp optimizer keeps for one parameter.
module internal TorchState =

    let private unknown (state: OptimizerState) (slot: string) =
        invalidArg (nameof slot) $"{state.GetType().FullName} has no slot '{slot}'."

    /// How many steps it has counted. SGD counts none: with a momentum buffer it has taken its first step.
    let count (state: OptimizerState) : int64 =
        match state with
        | :? SGD.State as it -> if isNull it.momentum_buffer then 0L else 1L
        | :? Adam.State as it -> it.step
        | :? AdamW.State as it -> it.step
        | :? RMSProp.State as it -> it.step
        | :? Adagrad.State as it -> it.step
        | :? Adadelta.State as it -> it.step
        | :? Adamax.State as it -> it.step
        | :? NAdam.State as it -> it.step
        | :? RAdam.State as it -> it.step
        | _ -> unknown state "step"

    /// Writes the step count, and what follows from it.
    let setCount (rule: Rule) (count: int64) (state: OptimizerState) : unit =
        match state with
        | :? SGD.State -> ()
        | :? Adam.State as it -> it.step <- count
        | :? AdamW.State as it -> it.step <- count
        | :? RMSProp.State as it -> it.step <- count
        | :? Adagrad.State as it -> it.step <- count
        | :? Adadelta.State as it -> it.step <- count
        | :? Adamax.State as it -> it.step <- count
        | :? NAdam.State as it ->
            it.step <- count

            match rule with
            | Rule.NAdam options -> it.mu_product <- NAdam.product options count
            | _ -> ()
        | :? RAdam.State as it -> it.step <- count
        | _ -> unknown state "step"

    /// The tensor of the slot of this name; null where the optimizer has not made it.
    let slot (name: string) (state: OptimizerState) : torch.Tensor | null =
        match state, name with
        | (:? SGD.State as it), "momentum_buffer" -> it.momentum_buffer
        | (:? Adam.State as it), "exp_avg" -> it.exp_avg
        | (:? Adam.State as it), "exp_avg_sq" -> it.exp_avg_sq
        | (:? Adam.State as it), "max_exp_avg_sq" -> it.max_exp_avg_sq
        | (:? AdamW.State as it), "exp_avg" -> it.exp_avg
        | (:? AdamW.State as it), "exp_avg_sq" -> it.exp_avg_sq
        | (:? AdamW.State as it), "max_exp_avg_sq" -> it.max_exp_avg_sq
        | (:? RMSProp.State as it), "square_avg" -> it.square_avg
        | (:? RMSProp.State as it), "momentum_buffer" -> it.momentum_buffer
        | (:? RMSProp.State as it), "grad_avg" -> it.grad_avg
        | (:? Adagrad.State as it), "sum" -> it.sum
        | (:? Adadelta.State as it), "square_avg" -> it.square_avg
        | (:? Adadelta.State as it), "acc_delta" -> it.acc_delta
        | (:? Adamax.State as it), "exp_avg" -> it.exp_avg
        | (:? Adamax.State as it), "exp_inf" -> it.exp_inf
        | (:? NAdam.State as it), "exp_avg" -> it.exp_avg
        | (:? NAdam.State as it), "exp_avg_sq" -> it.exp_avg_sq
        | (:? RAdam.State as it), "exp_avg" -> it.exp_avg
        | (:? RAdam.State as it), "exp_avg_sq" -> it.exp_avg_sq
        | _ -> unknown state name

    /// Replaces the tensor of the slot of this name.
    let setSlot (name: string) (tensor: torch.Tensor) (state: OptimizerState) : unit =
        match state, name with
        | (:? SGD.State as it), "momentum_buffer" -> it.momentum_buffer <- tensor
        | (:? Adam.State as it), "exp_avg" -> it.exp_avg <- tensor
        | (:? Adam.State as it), "exp_avg_sq" -> it.exp_avg_sq <- tensor
        | (:? Adam.State as it), "max_exp_avg_sq" -> it.max_exp_avg_sq <- tensor
        | (:? AdamW.State as it), "exp_avg" -> it.exp_avg <- tensor
        | (:? AdamW.State as it), "exp_avg_sq" -> it.exp_avg_sq <- tensor
        | (:? AdamW.State as it), "max_exp_avg_sq" -> it.max_exp_avg_sq <- tensor
        | (:? RMSProp.State as it), "square_avg" -> it.square_avg <- tensor
        | (:? RMSProp.State as it), "momentum_buffer" -> it.momentum_buffer <- tensor
        | (:? RMSProp.State as it), "grad_avg" -> it.grad_avg <- tensor
        | (:? Adagrad.State as it), "sum" -> it.sum <- tensor
        | (:? Adadelta.State as it), "square_avg" -> it.square_avg <- tensor
        | (:? Adadelta.State as it), "acc_delta" -> it.acc_delta <- tensor
        | (:? Adamax.State as it), "exp_avg" -> it.exp_avg <- tensor
        | (:? Adamax.State as it), "exp_inf" -> it.exp_inf <- tensor
        | (:? NAdam.State as it), "exp_avg" -> it.exp_avg <- tensor
        | (:? NAdam.State as it), "exp_avg_sq" -> it.exp_avg_sq <- tensor
        | (:? RAdam.State as it), "exp_avg" -> it.exp_avg <- tensor
        | (:? RAdam.State as it), "exp_avg_sq" -> it.exp_avg_sq <- tensor
        | _ -> unknown state name

    /// As if it had never stepped: SGD tells its first step by having no buffer.
    let clearBuffer (state: OptimizerState) : unit =
        match state with
        | :? SGD.State as it ->
            match it.momentum_buffer with
            | null -> ()
            | buffer ->
                buffer.Dispose()
                it.momentum_buffer <- null
        | _ -> ()
