namespace MetricLearning.Core

open System
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning

/// From gradients to what is learned next. A vector is written in place only where the step is certain to make finite
/// numbers, by bounds of what it starts from; elsewhere its content is kept until the result was looked at.
module internal OptimizerStep =

    // Bounds after a step, where they leave no doubt that every number in it is finite.
    let private foresee
        (layout: Layout)
        (rule: Rule)
        (rate: float)
        gradient
        (slots: Vector[])
        weights
        : float[] voption =
        let struct (ofSlots, ofWeights) =
            rule.Bound
                {
                    Rate = abs rate
                    Gradient = gradient
                    Slots = slots |> Array.map _.Bound
                    Weights = weights
                    Round = FloatTypes.round layout.Dtype
                }

        let limit = FloatTypes.limit layout.Dtype

        // No comparison with NaN, a bound that is not known, is true.
        if ofWeights < limit && ofSlots |> Array.forall (fun bound -> bound < limit) then
            ValueSome(ofSlots |> Array.map (FloatTypes.loosen layout.Dtype))
        else
            ValueNone

    // Bounds that were carried on from step to step grow, or are not known yet.
    let private measure (layout: Layout) (slots: Vector[]) =
        let found =
            Readings.measured (slots |> Array.map (fun slot -> Magnitude.ofFlat layout slot.Tensor))

        Array.iter2 (fun (slot: Vector) (bound: float) -> slot.Bound <- bound) slots found

    let private certain layout rule (rate: float) gradient (slots: Vector[]) weights : float[] voption =
        match foresee layout rule rate gradient slots weights with
        | ValueNone when slots.Length > 0 ->
            measure layout slots
            foresee layout rule rate gradient slots weights
        | bounds -> bounds

    // The new vectors of a group that was stepped without certainty.
    let private checkResult (progress: Progress) (group: ParameterGroup) (move: GroupMove) (after: GroupState) =
        let vectors = Array.append [| after.Weights |] after.Slots

        let found =
            Readings.measured (vectors |> Array.map (fun vector -> Magnitude.ofFlat group.Layout vector.Tensor))

        // On a device padding was measured as well, and that may be anything.
        let isBroken (vector: Vector) bound =
            not (Double.IsFinite bound)
            && Magnitude.ofSlots group.Layout vector.Tensor
               |> Array.exists (Double.IsFinite >> not)

        if Array.exists2 isBroken vectors found then
            let names =
                match move with
                | GroupMove.ByRule(rule, _, _) -> [| for slot in rule.Slots -> $"slot {slot.Name}" |]
                | _ -> [||]

            Finiteness.refuseStep
                progress
                group
                move
                (Array.zip (Array.append [| "weights" |] names) (vectors |> Array.map _.Tensor))

        Array.iter2 (fun (slot: Vector) (bound: float) -> slot.Bound <- bound) after.Slots found[1..]

    let private byRule (workspace: Workspace) (group: ParameterGroup) index (rule: Rule) rate gradients isCertain =
        let before = workspace.Before.Groups[index]
        let weights = Workspace.writable workspace workspace.Weights[index]
        let slots = before.Slots |> Array.map (Workspace.writable workspace)

        if not isCertain then
            for vector in Array.append [| weights |] slots do
                Workspace.keep workspace vector

        {
            Weights = weights
            Slots = slots
            Counts = group.Update.Run(rule, rate, before.Counts, gradients, slots |> Array.map _.Tensor, weights.Tensor)
        }

    // What optimizers without a rule refuse is not known beforehand, so they step first, and on copies.
    let private stepOpaque
        (handles: Handles)
        (workspace: Workspace)
        progress
        (moves: GroupMove[])
        : GroupState voption[] =
        let stepped =
            moves
            |> Array.mapi (fun index move ->
                match move with
                | GroupMove.Opaque _ ->
                    ValueSome
                        { workspace.Before.Groups[index] with
                            Weights = Workspace.copyOf workspace workspace.Weights[index]
                            Slots = [||]
                        }
                | _ -> ValueNone)

        stepped
        |> Array.iteri (fun index after ->
            match after with
            | ValueSome after -> handles.Binding.BindWeights(index, after.Weights)
            | ValueNone -> ())

        let optimizers =
            moves
            |> Seq.choose (function
                | GroupMove.Opaque(optimizer, _) -> Some optimizer
                | _ -> None)
            |> Seq.distinctBy LanguagePrimitives.PhysicalHash

        for optimizer in optimizers do
            Effects.stepOpaque optimizer

        stepped
        |> Array.iteri (fun index after ->
            match after with
            | ValueSome after -> checkResult progress handles.Groups[index] moves[index] after
            | ValueNone -> ())

        stepped

    /// Moves the groups, whose gradients, weights and buffers are finite. `following`: memory for those that follow others. `agree` is called when nothing can be refused any more, and
    /// nothing was written for good.
    /// Raises NotFiniteNumberException when a step makes numbers that are not finite.
    let step
        (handles: Handles)
        (workspace: Workspace)
        (progress: Progress)
        (moves: GroupMove[])
        (measured: Measurements)
        (following: Vector voption[])
        (average: NextAverage)
        (agree: unit -> unit)
        : Learned =
        use _ = torch.no_grad ()
        let before = workspace.Before.Groups
        let after = stepOpaque handles workspace progress moves

        let bounds =
            moves
            |> Array.mapi (fun index move ->
                match move with
                | GroupMove.ByRule(rule, rate, _) ->
                    certain
                        handles.Groups[index].Layout
                        rule
                        rate
                        measured.Gradients[index]
                        before[index].Slots
                        measured.Weights[index]
                | _ -> ValueNone)

        // Steps that may be refused come before those that write in place for good.
        for isCertain in [ false; true ] do
            if isCertain then
                agree ()

            moves
            |> Array.iteri (fun index move ->
                match move with
                | GroupMove.ByRule(rule, rate, gradients) when bounds[index].IsSome = isCertain ->
                    let group = handles.Groups[index]

                    let stepped =
                        try
                            byRule workspace group index rule rate gradients isCertain
                        with :? ExternalException as error when not isCertain ->
                            Finiteness.refuseRate progress group rate error

                    match bounds[index] with
                    | ValueSome ofSlots ->
                        Array.iter2 (fun (slot: Vector) (bound: float) -> slot.Bound <- bound) stepped.Slots ofSlots
                    | ValueNone -> checkResult progress group move stepped

                    after[index] <- ValueSome stepped
                | _ -> ())

        let groups =
            before
            |> Array.mapi (fun index still ->
                match after[index], following[index] with
                | ValueSome stepped, _ -> stepped
                | ValueNone, ValueSome weights -> { still with Weights = weights }
                | ValueNone, ValueNone ->
                    { still with
                        Weights = Workspace.passOn workspace workspace.Weights[index]
                        Slots = Array.map (Workspace.passOn workspace) still.Slots
                    })

        FollowStep.finish handles groups

        groups
        |> Array.iteri (fun index group ->
            if after[index].IsSome || following[index].IsSome then
                handles.Binding.BindStepped(index, group.Weights)
            else
                handles.Binding.BindWeights(index, group.Weights))

        let next =
            new Learned(
                groups,
                Array.map (Workspace.passOn workspace) workspace.Buffers,
                AverageStep.finish average groups
            )

        handles.Binding.NoteHead next
        next
