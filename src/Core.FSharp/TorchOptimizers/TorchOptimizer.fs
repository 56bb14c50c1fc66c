namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open TorchSharp.Modules

/// A TorchSharp optimizer that has a pure twin: its groups as they were when it was read, each with options and rate as
/// they are.
[<Sealed>]
type TorchOptimizer private (optimizer: OptimizerHelper, groups: TorchGroup[]) =

    static let parameterGroups (optimizer: OptimizerHelper) =
        optimizer.ParamGroups |> Seq.cast<ParamGroup> |> Seq.toArray

    /// The optimizer itself.
    member _.Source: torch.optim.Optimizer = optimizer

    /// Its parameter groups, in its order.
    member _.Groups: TorchGroup[] = groups

    /// Whether parameter groups, or the parameters in one, are no longer those that were read.
    member _.HasChanged: bool =
        let now = parameterGroups optimizer

        now.Length <> groups.Length
        || not (Array.forall2 (fun (group: TorchGroup) other -> group.Shows other) groups now)

    /// Reads an optimizer: SGD, Adam, AdamW, RMSProp, Adagrad, Adadelta, Adamax, NAdam or RAdam. None for any other,
    /// classes derived from these included. An InvalidOperationException if its parameters were replaced since it was made.
    static member TryRead(optimizer: torch.optim.Optimizer) : TorchOptimizer option =
        match optimizer with
        | :? OptimizerHelper as helper when TorchRule.isKnown optimizer ->
            try
                let states = helper.state_dict().State
                let mutable read = 0

                let groups =
                    parameterGroups helper
                    |> Array.map (fun group ->
                        let parameters = Seq.toArray group.Parameters
                        let own = Array.init parameters.Length (fun index -> states[read + index])
                        read <- read + parameters.Length
                        TorchGroup(group, parameters, own))

                Some(TorchOptimizer(helper, groups))
            with
            | :? KeyNotFoundException
            | :? System.InvalidOperationException ->
                invalidOp
                    $"The parameters of this {optimizer.GetType().Name} were replaced since it was made: construct it after module.to(...)."
        | _ -> None
