namespace MetricLearning.Core

open MetricLearning
open TorchSharp
open type TorchSharp.torch

/// From gradients to what is learned next.
module internal OptimizerStep =

    /// The rule and the learning rate of each of an optimizer's groups.
    let private rules (handle: OptimizerHandle) (rates: float[]) : struct (Rule * float)[] =
        match handle with
        | OptimizerHandle.Value optimizer ->
            Array.map2 (fun struct (rule, _) rate -> struct (rule, rate)) optimizer.Groups rates
        | OptimizerHandle.Mirrored optimizer ->
            Seq.zip (TorchOptimizers.rules optimizer) rates
            |> Seq.map (fun (rule, rate) -> struct (rule, rate))
            |> Array.ofSeq
        | OptimizerHandle.Opaque _ -> [||]

    let private checkSlots (key: string) (rule: Rule) (group: GroupState) =
        if (rule.Slots).Length <> group.Slots.Length then
            invalidOp
                $"The options of the optimizer \"{key}\" were changed so that it keeps other slots than before (momentum or amsgrad switched on or off). Make a new trainer for that."

    /// What is learned after a step of the given optimizers, from the gradients that the parameters have.
    let step
        (handles: Handles)
        (keep: bool)
        (learned: Learned)
        (workspace: Workspace)
        (stepping: string list)
        (rates: Map<string, float[]>)
        : Learned =
        use _ = no_grad ()

        let isFresh (vector: Vector) =
            List.exists (fun fresh -> obj.ReferenceEquals(fresh, vector)) workspace.Fresh

        // A vector that goes on unchanged is shared with the state before.
        let passOn (vector: Vector) =
            if not (isFresh vector) then
                vector.Retain()

            vector

        let own (vector: Vector) =
            if isFresh vector then vector
            elif Workspace.isOurs keep vector then passOn vector
            else Vector.clone vector

        let optimizers =
            handles.Optimizers
            |> List.filter (fun (key, _) -> List.contains key stepping)
            |> List.map (fun (key, handle) -> key, struct (handle, rules handle rates[key]))
            |> dict

        let handleOf (group: ParameterGroup) =
            match group.Optimizer with
            | Some key when optimizers.ContainsKey key -> ValueSome optimizers[key]
            | _ -> ValueNone

        // Everything that can be refused is refused here, before anything is written.
        let gradients =
            Array.map2
                (fun group before ->
                    match handleOf group, group.Optimizer with
                    | ValueSome(struct (OptimizerHandle.Opaque _, _)), _
                    | ValueNone, _
                    | _, None -> [||]
                    | ValueSome(struct (_, rules)), Some key ->
                        let struct (rule, _) = rules[group.Index]
                        checkSlots key rule before
                        let found = group.Parameters |> Array.map _.grad
                        group.Update.Check found
                        found)
                handles.Groups
                learned.Groups

        // Optimizers that no rule describes step first, on copies: what they refuse is not known beforehand.
        let copies =
            [
                for index in 0 .. handles.Groups.Length - 1 do
                    match handleOf handles.Groups[index] with
                    | ValueSome(struct (OptimizerHandle.Opaque _, _)) ->
                        let before = workspace.Weights[index]
                        index, (if isFresh before then before else Vector.clone before)
                    | _ -> ()
            ]

        try
            for index, copy in copies do
                Effects.bindWeights handles index copy

            for struct (handle, _) in optimizers.Values do
                match handle with
                | OptimizerHandle.Opaque optimizer -> Effects.stepInPlace optimizer
                | _ -> ()
        with _ ->
            for _, copy in copies do
                if not (isFresh copy) then
                    copy.Release()

            reraise ()

        let groups =
            handles.Groups
            |> Array.mapi (fun index group ->
                let before = learned.Groups[index]

                match handleOf group with
                | ValueSome(struct (OptimizerHandle.Opaque _, _)) ->
                    { before with
                        Weights = copies |> List.find (fst >> (=) index) |> snd
                        Slots = [||]
                    }
                | ValueSome(struct (_, rules)) ->
                    let struct (rule, rate) = rules[group.Index]
                    let weights = own workspace.Weights[index]
                    let slots = Array.map own before.Slots

                    let counts =
                        group.Update.Run(
                            rule,
                            rate,
                            before.Counts,
                            gradients[index],
                            Array.map (fun (slot: Vector) -> slot.Tensor) slots,
                            weights.Tensor
                        )

                    {
                        Weights = weights
                        Slots = slots
                        Counts = counts
                    }
                | ValueNone ->
                    { before with
                        Weights = passOn workspace.Weights[index]
                        Slots = Array.map passOn before.Slots
                    })

        groups
        |> Array.iteri (fun index group -> Effects.bindWeights handles index group.Weights)

        let next = new Learned(groups, Array.map passOn workspace.Buffers)
        Effects.rememberHead handles next
        next
