namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open TorchSharp.Modules

/// A parameter group of a TorchSharp optimizer, read and written to as a rule over flat vectors.
[<Sealed>]
type TorchGroup internal (group: ParamGroup, parameters: Parameter[], states: OptimizerState[]) =

    // The optimizer's own tensor then shows the view's memory: no copy, and the user's references go on.
    let point (name: string) (view: torch.Tensor) (state: OptimizerState) =
        match TorchState.slot name state with
        | NonNull own when
            not own.IsInvalid
            && own.dtype = view.dtype
            && own.device.ToString() = view.device.ToString()
            ->
            own.set_ view |> ignore
        | own ->
            match own with
            | null -> ()
            | disposed -> disposed.Dispose()

            TorchState.setSlot name (view.alias().DetachFromDisposeScope()) state

    /// Its parameters, in its order.
    member _.Parameters: Parameter[] = parameters

    /// What its options say now: users change them between steps.
    member _.Rule: Rule = TorchRule.read group.Options

    /// What its learning rate is now; schedulers write it between steps.
    member _.LearningRate
        with get (): float = group.LearningRate
        and set (rate: float) = group.LearningRate <- rate

    /// The rate that TorchSharp's schedulers count from.
    member _.InitialLearningRate: float = group.InitialLearningRate

    /// Whether this is still that group, with the same parameters.
    member internal _.Shows(other: ParamGroup) : bool =
        obj.ReferenceEquals(group, other)
        && Seq.length other.Parameters = parameters.Length
        && Seq.forall2
            (fun (left: Parameter) (right: Parameter) -> obj.ReferenceEquals(left, right))
            other.Parameters
            parameters

    /// Copies what the optimizer has in its slots into flat tensors, one for each slot of the rule, and returns the step
    /// counts. A slot that it has not made keeps what the flat tensor holds.
    member this.TakeOver(layout: Layout, slots: torch.Tensor[]) : int64[] =
        use _ = torch.no_grad ()

        for struct (spec, flat) in
            Array.map2 (fun (spec: SlotSpec) flat -> struct (spec, flat)) (Rule.slots this.Rule) slots do
            for index in 0 .. states.Length - 1 do
                match TorchState.slot spec.Name states[index] with
                | NonNull own when not own.IsInvalid ->
                    use place = Layout.view layout.Slots[index] flat
                    place.copy_ own |> ignore
                | _ -> ()

        states |> Array.map TorchState.count

    /// Makes the optimizer show flat slots and step counts: its own slots become views of them, so that reading and
    /// saving it works, and no memory is doubled. The views keep the memory alive until the next call.
    member this.Show(layout: Layout, slots: torch.Tensor[], counts: int64[]) : unit =
        use _ = torch.no_grad ()
        let rule = this.Rule
        let specs = Rule.slots rule

        for index in 0 .. states.Length - 1 do
            let state = states[index]

            for slot in 0 .. specs.Length - 1 do
                if counts[index] > 0L || not (state :? SGD.State) then
                    use view = Layout.view layout.Slots[index] slots[slot]
                    point specs[slot].Name view state
                else
                    TorchState.clearBuffer state

            TorchState.setCount rule counts[index] state
