namespace MetricLearning.Core

open System

/// What must hold before a state can be stepped.
module internal Readiness =

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

    let private fits (layout: Layout) (vector: Vector) =
        vector.Tensor.numel () = layout.Length && vector.Tensor.dtype = layout.Dtype

    /// Raises ArgumentException when the state was not made by machines like these.
    let checkFits (handles: Handles) (state: TrainingState) : unit =
        let require (what: string) (isSo: bool) =
            if not isSo then
                invalidArg
                    "state"
                    $"This state does not fit these machines: {what}. Go on with models, losses, optimizers and schedules made in the same way as those it was trained with."

        let learned, progress = state.Learned, state.Progress
        let keysOf map = map |> Map.keys |> Set.ofSeq
        require "it has other parameters or optimizer groups" (learned.Parts.Length = handles.Parts.Length)

        for part, found in Array.zip handles.Parts learned.Parts do
            let first = part.Layout.Slots[0].Name
            require $"other weights where \"{first}\" and what follows it should be" (fits part.Layout found.Weights)
            require $"other step counts for \"{first}\" and what follows it" (found.Counts.Length = part.Parameters.Length)

            require
                $"another optimizer for \"{first}\" and what follows it"
                (found.Slots.Length = slotCount handles part && Array.forall (fits part.Layout) found.Slots)

        require
            "it has other buffers"
            (learned.Buffers.Length = handles.Buffers.Length
             && Array.forall2 (fun (part: BufferPart) vector -> fits part.Layout vector) handles.Buffers learned.Buffers)

        require "it has other optimizers" (keysOf progress.Rates = keysOf handles.InitialRates)

        require
            "it has other schedules"
            (keysOf progress.Schedules + keysOf progress.TorchSchedules = Set.ofList handles.Roster.Schedules)

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
