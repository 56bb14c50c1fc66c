namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// What a step does to the parameters of one group.
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

    /// The rule and the learning rate of each of an optimizer's groups.
    let private rules (progress: Progress) (handle: OptimizerHandle) (rates: float[]) : struct (Rule * float)[] =
        match handle with
        | OptimizerHandle.Value optimizer ->
            let rules = optimizer.RulesAfter(progress.Steps, progress.Epoch - 1)
            Array.map2 (fun rule rate -> struct (rule, rate)) rules rates
        | OptimizerHandle.Mirrored optimizer ->
            Array.map2 (fun rule rate -> struct (rule, rate)) (TorchOptimizers.rules optimizer) rates
        | OptimizerHandle.Opaque _ -> [||]

    let private checkSlots (key: string) (rule: Rule) (before: GroupState) =
        if (rule.Slots).Length <> before.Slots.Length then
            invalidOp
                $"The options of the optimizer \"{key}\" were changed so that it keeps other slots than before (momentum or amsgrad switched on or off). Make a new trainer for that."

    /// The moves of all groups, their gradients ready.
    /// Raises InvalidOperationException when a gradient does not fit its parameter, or slots do not fit their rule.
    let ofGroups
        (handles: Handles)
        (progress: Progress)
        (learned: Learned)
        (stepping: string list)
        (rates: Map<string, float[]>)
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
                let gradients = group.Parameters |> Array.map _.grad

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
