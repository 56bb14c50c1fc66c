namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

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

    // The optimizers that step, with the rule and the learning rate of each of their groups.
    let private choose (handles: Handles) (stepping: string list) (rates: Map<string, float[]>) =
        handles.Optimizers
        |> List.filter (fun (key, _) -> List.contains key stepping)
        |> List.map (fun (key, handle) -> key, struct (handle, rules handle rates[key]))
        |> dict

    // What optimizers without a rule refuse is not known beforehand, so they step first, and on copies.
    let private stepOpaque (handles: Handles) (workspace: Workspace) (opaque: (string * optim.Optimizer) list) =
        let copies =
            [
                for index in 0 .. handles.Groups.Length - 1 do
                    if
                        opaque
                        |> List.exists (fun (key, _) -> handles.Groups[index].Optimizer = Some key)
                    then
                        let before = workspace.Weights[index]

                        index,
                        (if Workspace.isFresh workspace before then
                             before
                         else
                             Vector.clone before)
            ]

        try
            for index, copy in copies do
                handles.Binding.BindWeights(index, copy)

            for _, optimizer in opaque do
                Effects.stepOpaque optimizer
        with _ ->
            for _, copy in copies do
                if not (Workspace.isFresh workspace copy) then
                    copy.Release()

            reraise ()

        copies

    /// Steps the given optimizers by the gradients of the parameters.
    let step (handles: Handles) (workspace: Workspace) (stepping: string list) (rates: Map<string, float[]>) : Learned =
        use _ = no_grad ()
        let learned = workspace.Before
        let optimizers = choose handles stepping rates

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

        let copies =
            stepOpaque
                handles
                workspace
                [
                    for KeyValue(key, struct (handle, _)) in optimizers do
                        match handle with
                        | OptimizerHandle.Opaque optimizer -> key, optimizer
                        | _ -> ()
                ]

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
                    let weights = Workspace.writable workspace workspace.Weights[index]
                    let slots = Array.map (Workspace.writable workspace) before.Slots
                    let tensors = slots |> Array.map _.Tensor

                    {
                        Weights = weights
                        Slots = slots
                        Counts = group.Update.Run(rule, rate, before.Counts, gradients[index], tensors, weights.Tensor)
                    }
                | ValueNone ->
                    { before with
                        Weights = Workspace.passOn workspace workspace.Weights[index]
                        Slots = Array.map (Workspace.passOn workspace) before.Slots
                    })

        groups
        |> Array.iteri (fun index group -> handles.Binding.BindWeights(index, group.Weights))

        let next =
            new Learned(groups, Array.map (Workspace.passOn workspace) workspace.Buffers)

        handles.Binding.NoteHead next
        next
