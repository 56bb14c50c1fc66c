namespace MetricLearning.Core

open MetricLearning
open System

/// What must hold before a state can be stepped.
module internal StateGuards =

    /// Whether every parameter and buffer is still there.
    let isWhole (handles: Handles) : bool =
        handles.Parts
        |> Array.forall (fun part -> part.Parameters |> Array.forall (fun parameter -> not parameter.IsInvalid))
        && handles.Buffers
           |> Array.forall (fun part -> part.Buffers |> Array.forall (fun buffer -> not buffer.IsInvalid))

    let private checkModules (handles: Handles) =
        for part in handles.Parts do
            part.Parameters
            |> Array.iteri (fun index parameter ->
                if parameter.IsInvalid then
                    invalidOp
                        $"The parameter \"{part.Layout.Slots[index].Name}\" was disposed or replaced (to(dtype), to(device) and half() do that). Move modules first, then make their optimizers and the trainer.")

        for part in handles.Buffers do
            part.Buffers
            |> Array.iteri (fun index buffer ->
                if buffer.IsInvalid then
                    invalidOp
                        $"The buffer \"{part.Layout.Slots[index].Name}\" was disposed or replaced (to(dtype), to(device) and half() do that). Move modules first, then make the trainer.")

    let private checkOptimizers (handles: Handles) =
        for key, driver in handles.Optimizers do
            match driver with
            | Driver.Pure _ -> ()
            | Driver.Twin optimizer
            | Driver.InPlace optimizer ->
                let known = handles.InitialRates[key].Length
                let found = Seq.length optimizer.ParamGroups

                if found <> known then
                    invalidOp
                        $"The optimizer \"{key}\" had {known} parameter group(s) when the trainer was made and has {found} now. Make a new trainer after changing parameter groups."

    let private checkInPlace (handles: Handles) (learned: Learned) =
        let inPlace =
            handles.Optimizers
            |> List.tryPick (function
                | key, Driver.InPlace optimizer -> Some(key, optimizer.GetType().Name)
                | _ -> None)

        match inPlace, handles.Shown.InPlaceHead with
        | Some(key, kind), NonNull head when
            not (Seq.forall2 (fun left right -> obj.ReferenceEquals(left, right)) head learned.Vectors)
            ->
            invalidOp
                $"The optimizer \"{key}\" ({kind}) keeps its slots to itself, so only the newest state can be stepped: no second step, no fork, no resume. Use an optimizer that this library knows ({TorchOptimizers.known})."
        | _ -> ()

    let private checkSchedulers (handles: Handles) (progress: Progress) =
        for KeyValue(key, known) in progress.TorchSchedules do
            let shown = handles.Shown.TorchSchedules[key]

            if shown <> known then
                invalidOp
                    $"TorchSharp's scheduler \"{key}\" was stepped {shown.Count} time(s), this state expects {known.Count}: it cannot go back. To fork or rewind a run, use a schedule of this library (Schedule.step, Schedule.cosine, …) under that key."

    /// Raises InvalidOperationException when one of TorchSharp's schedulers was stepped and cannot come to where a resumed
    /// run left it.
    let checkReach (handles: Handles) (progress: Progress) : unit =
        checkSchedulers
            handles
            { progress with
                TorchSchedules =
                    progress.TorchSchedules
                    |> Map.filter (fun key _ -> handles.Shown.TorchSchedules[key].Count > 0)
            }

    let private slotCount (handles: Handles) (part: Part) =
        match part.Optimizer with
        | None -> 0
        | Some key ->
            match handles.Optimizers |> List.find (fst >> (=) key) |> snd with
            | Driver.Pure optimizer ->
                let struct (rule, _) = (Optimizer.groups optimizer)[part.Group]
                (Rule.slots rule).Length
            | Driver.Twin optimizer ->
                let rule = (TorchOptimizers.rules optimizer)[part.Group]
                (Rule.slots rule).Length
            | Driver.InPlace _ -> 0

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
            learned.Parts.Length <> handles.Parts.Length
            || learned.Buffers.Length <> handles.Buffers.Length
            || not (
                Array.forall2
                    (fun (part: Part) (known: LearnedPart) ->
                        fits part.Layout known.Weights
                        && known.Slots.Length = slotCount handles part
                        && Array.forall (fits part.Layout) known.Slots
                        && known.Counts.Length = part.Parameters.Length)
                    handles.Parts
                    learned.Parts
            )
            || not (Array.forall2 (fun (part: BufferPart) -> fits part.Layout) handles.Buffers learned.Buffers)
        then
            refuse "its weights or the slots of its optimizers have other sizes, dtypes or devices"

    let private isShown (handles: Handles) (learned: Learned) =
        let same (left: Vector | null) (right: Vector) = obj.ReferenceEquals(left, right)

        learned.Parts.Length = handles.Parts.Length
        && Seq.forall2 same handles.Shown.Weights (Seq.map _.Weights learned.Parts)

    /// Raises InvalidOperationException when the state cannot be stepped with these handles, saying why.
    let check (handles: Handles) (state: TrainingState) : unit =
        if handles.Shown.IsDisposed then
            raise (ObjectDisposedException("trainer", "The trainer was disposed; make a new one to train on."))

        state.Learned.ThrowIfFreed()

        if not (isShown handles state.Learned) then
            checkFits handles state

        checkModules handles
        checkOptimizers handles
        checkInPlace handles state.Learned
        checkSchedulers handles state.Progress
