namespace MetricLearning.Core

open System
open MetricLearning

/// Checks before a state is stepped.
module internal StateGuards =

    /// True if no parameter or buffer was disposed or replaced.
    let isWhole (handles: Handles) : bool =
        handles.Groups
        |> Array.forall (fun group -> group.Parameters |> Array.forall (fun parameter -> not parameter.IsInvalid))
        && handles.Buffers
           |> Array.forall (fun group -> group.Buffers |> Array.forall (fun buffer -> not buffer.IsInvalid))

    let private checkModules (handles: Handles) =
        for group in handles.Groups do
            group.Parameters
            |> Array.iteri (fun index parameter ->
                if parameter.IsInvalid then
                    invalidOp
                        $"The parameter \"{group.Layout.Slots[index].Name}\" was disposed or replaced (to(dtype), to(device) and half() do that). Move modules first, then make their optimizers and the trainer.")

        for group in handles.Buffers do
            group.Buffers
            |> Array.iteri (fun index buffer ->
                if buffer.IsInvalid then
                    invalidOp
                        $"The buffer \"{group.Layout.Slots[index].Name}\" was disposed or replaced (to(dtype), to(device) and half() do that). Move modules first, then make the trainer.")

    let private checkOptimizers (handles: Handles) =
        for key, handle in handles.Optimizers do
            match handle with
            | OptimizerHandle.Value _ -> ()
            | OptimizerHandle.Mirrored optimizer
            | OptimizerHandle.Opaque optimizer ->
                let known = handles.InitialRates[key].Length
                let found = Seq.length optimizer.ParamGroups

                if found <> known then
                    invalidOp
                        $"The optimizer \"{key}\" had {known} parameter group(s) when the trainer was made and has {found} now. Make a new trainer after changing parameter groups."

    let private checkOpaque (handles: Handles) (learned: Learned) =
        let opaque =
            handles.Optimizers
            |> List.tryPick (function
                | key, OptimizerHandle.Opaque optimizer -> Some(key, optimizer.GetType().Name)
                | _ -> None)

        match opaque with
        | Some(key, kind) when not (handles.Binding.IsHead learned) ->
            invalidOp
                $"The optimizer \"{key}\" ({kind}) keeps its slots to itself, so only the newest state can be stepped: no second step, no fork, no resume. Use an optimizer that this library knows ({TorchOptimizers.known})."
        | _ -> ()

    let private checkSchedulers (handles: Handles) (progress: Progress) =
        for KeyValue(key, known) in progress.TorchSchedules do
            let bound = handles.Binding.TorchSchedules[key]

            if bound <> known then
                invalidOp
                    $"TorchSharp's scheduler \"{key}\" was stepped {bound.Count} time(s), this state expects {known.Count}: it cannot go back. To fork or rewind a run, use a schedule of this library (Schedule.Step, Schedule.CosineAnnealing, …) under that key."

    /// Raises InvalidOperationException when one of TorchSharp's schedulers was stepped and cannot come to where a resumed
    /// run left it.
    let checkReach (handles: Handles) (progress: Progress) : unit =
        checkSchedulers
            handles
            { progress with
                TorchSchedules =
                    progress.TorchSchedules
                    |> Map.filter (fun key _ -> handles.Binding.TorchSchedules[key].Count > 0)
            }

    let private slotCount (handles: Handles) (group: ParameterGroup) =
        match group.Optimizer with
        | None -> 0
        | Some key ->
            match handles.Optimizers |> List.find (fst >> (=) key) |> snd with
            | OptimizerHandle.Value optimizer ->
                let struct (rule, _) = optimizer.Groups[group.Index]
                (rule.Slots).Length
            | OptimizerHandle.Mirrored optimizer ->
                let rule = (TorchOptimizers.rules optimizer)[group.Index]
                (rule.Slots).Length
            | OptimizerHandle.Opaque _ -> 0

    /// Raises ArgumentException when the state is that of other networks, optimizers or schedules;
    /// InvalidOperationException when it was freed, or a network was disposed or moved.
    let checkFits (handles: Handles) (state: TrainingState) : unit =
        let learned = state.Learned
        learned.ThrowIfFreed()
        checkModules handles

        let refuse (what: string) =
            raise (
                ArgumentException(
                    $"This state is that of another trainer: {what}. A state fits trainers with the same networks, losses, optimizers and schedules."
                )
            )

        let fits (layout: Layout) (vector: Vector) =
            vector.Tensor.numel () = layout.Length
            && vector.Tensor.dtype = layout.Dtype
            && vector.Tensor.device_type = layout.Device.``type``

        let keys (map: Map<string, 'Value>) = Set.ofSeq map.Keys

        if keys state.Progress.Rates <> keys handles.InitialRates then
            let own = String.Join(", ", state.Progress.Rates.Keys)
            let ours = String.Join(", ", handles.InitialRates.Keys)
            refuse $"its optimizers are [{own}], here they are [{ours}]"

        let schedules =
            Set.ofSeq (Seq.append state.Progress.Schedules.Keys state.Progress.TorchSchedules.Keys)

        if schedules <> Set.ofList handles.RunKeys.Schedules then
            let own = String.Join(", ", schedules)
            let ours = String.Join(", ", handles.RunKeys.Schedules)
            refuse $"its schedules are [{own}], here they are [{ours}]"

        if Set.ofSeq state.Progress.LossWeights.Keys <> Set.ofList handles.RunKeys.Terms then
            let own = String.Join(", ", state.Progress.LossWeights.Keys)
            let ours = String.Join(", ", handles.RunKeys.Terms)
            refuse $"its losses are [{own}], here they are [{ours}]"

        if
            learned.Groups.Length <> handles.Groups.Length
            || learned.Buffers.Length <> handles.Buffers.Length
            || not (
                Array.forall2
                    (fun (group: ParameterGroup) (known: GroupState) ->
                        fits group.Layout known.Weights
                        && known.Slots.Length = slotCount handles group
                        && Array.forall (fits group.Layout) known.Slots
                        && known.Counts.Length = group.Parameters.Length)
                    handles.Groups
                    learned.Groups
            )
            || not (Array.forall2 (fun (group: BufferGroup) -> fits group.Layout) handles.Buffers learned.Buffers)
        then
            refuse "its weights or the slots of its optimizers have other sizes, dtypes or devices"

        AverageGuards.difference handles learned.Average |> Option.iter refuse

    /// Raises InvalidOperationException when the state cannot be stepped with these handles, saying why.
    let check (handles: Handles) (state: TrainingState) : unit =
        if handles.Binding.IsDisposed then
            raise (ObjectDisposedException("trainer", "The trainer was disposed; make a new one to train on."))

        if handles.Binding.ShowsAverages then
            invalidOp
                "Until WhileAveraged returns, the networks have the averages of their weights and cannot be trained: train before it or after it."

        state.Learned.ThrowIfFreed()

        if not (handles.Binding.IsBoundTo state.Learned) then
            checkFits handles state

        checkModules handles
        checkOptimizers handles
        checkOpaque handles state.Learned
        checkSchedulers handles state.Progress
