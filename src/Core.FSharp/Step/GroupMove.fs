namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The move of the parameters of one group in a step.
[<RequireQualifiedAccess; NoEquality; NoComparison>]
type internal GroupMove =
    /// Nothing.
    | Still
    /// They follow a rule at a learning rate.
    | ByRule of Rule * rate: float * Gradients
    /// An optimizer without a rule steps them. Sparse gradients are its own affair.
    | Opaque of optim.Optimizer * Gradients voption

/// Finding out what a step does.
module internal GroupMove =

    /// The size of the gradients by which a group steps.
    let gradient (move: GroupMove) : Measured =
        match move with
        | GroupMove.ByRule(_, _, gradients)
        | GroupMove.Opaque(_, ValueSome gradients) -> gradients.Magnitude
        | GroupMove.Opaque(_, ValueNone)
        | GroupMove.Still -> Measured.Known 0.0

    /// The rule and the learning rate of each of an optimizer's groups.
    let private rules (progress: Progress) (handle: OptimizerHandle) (rates: float[]) : struct (Rule * float)[] =
        match handle with
        | OptimizerHandle.Value optimizer ->
            let rules = optimizer.RulesAfter(Progress.stepsTaken progress, progress.Epoch - 1)
            Array.map2 (fun rule rate -> struct (rule, rate)) rules rates
        | OptimizerHandle.Mirrored optimizer ->
            Array.map2 (fun rule rate -> struct (rule, rate)) (TorchOptimizers.rules optimizer) rates
        | OptimizerHandle.Opaque _ -> [||]

    let private checkSlots (key: string) (rule: Rule) (before: GroupState) =
        if (rule.Slots).Length <> before.Slots.Length then
            invalidOp
                $"The options of the optimizer \"{key}\" were changed so that it keeps other slots than before (momentum or amsgrad switched on or off). Make a new trainer for that."

    // Weights that are kept in 32 bits are stepped by gradients in 32.
    let private gradients (group: ParameterGroup) (left: float) : (Tensor | null)[] =
        group.Parameters
        |> Array.map (fun parameter ->
            match parameter.grad with
            | NonNull gradient when group.IsRounded ->
                let full = gradient.to_type group.Layout.Dtype
                if left = 1.0 then full else full .* left
            | gradient -> gradient)

    /// The moves of all groups, their gradients ready. `left`: what gradients of weights that parameters show rounded are still to be
    /// multiplied by.
    /// Raises InvalidOperationException when a gradient does not fit its parameter, or slots do not fit their rule.
    let ofGroups
        (handles: Handles)
        (progress: Progress)
        (learned: Learned)
        (stepping: string list)
        (rates: Map<string, float[]>)
        (left: float)
        : GroupMove[] =
        let optimizers =
            dict
                [
                    for key, handle in handles.Optimizers do
                        if List.contains key stepping then
                            key, struct (handle, rules progress handle rates[key])
                ]

        let moveOf (group: ParameterGroup) (before: GroupState) =
            match group.Optimizer with
            | Some key when optimizers.ContainsKey key ->
                let gradients = gradients group left

                match optimizers[key] with
                | struct (OptimizerHandle.Opaque optimizer, _) ->
                    let isSparse =
                        gradients
                        |> Array.exists (function
                            | null -> false
                            | gradient -> gradient.is_sparse)

                    GroupMove.Opaque(
                        optimizer,
                        if isSparse then
                            ValueNone
                        else
                            ValueSome(group.Update.Prepare(before.Counts, gradients))
                    )
                | struct (_, rules) ->
                    let struct (rule, rate) = rules[group.Index]
                    checkSlots key rule before
                    GroupMove.ByRule(rule, rate, group.Update.Prepare(before.Counts, gradients))
            | _ -> GroupMove.Still

        use _ = no_grad ()
        Array.map2 moveOf handles.Groups learned.Groups
