namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp
open MetricLearning.Core

/// TorchSharp's optimizers: their parameters, the rules that they follow, and their slots.
module internal TorchOptimizers =

    let private mirrors: Mirror list =
        [
            Sgd.mirror
            Adam.mirror
            AdamW.mirror
            RmsProp.mirror
            Adagrad.mirror
            Adadelta.mirror
            Adamax.mirror
            NAdam.mirror
            RAdam.mirror
        ]

    /// Names of the optimizers that are run as rules.
    let known: string =
        String.Join(", ", [ for mirror in mirrors -> mirror.Optimizer.Name ])

    let private byType = dict [ for mirror in mirrors -> mirror.Optimizer, mirror ]

    let private mirrorOf (optimizer: torch.optim.Optimizer) : Mirror = byType[optimizer.GetType()]

    /// Tells whether the optimizer is run as a rule.
    let hasMirror (optimizer: torch.optim.Optimizer) : bool = byType.ContainsKey(optimizer.GetType())

    let private groups (optimizer: torch.optim.Optimizer) : Modules.ParamGroup seq =
        Seq.cast<Modules.ParamGroup> optimizer.ParamGroups

    /// The parameters of each group.
    let parameters (optimizer: torch.optim.Optimizer) : Modules.Parameter[][] =
        match optimizer with
        | :? Modules.OptimizerHelper -> [| for group in groups optimizer -> Seq.toArray group.Parameters |]
        // LBFGS, which setup refuses: asking it would make new objects for the same parameters.
        | _ -> [||]

    /// The rule of each group, with its options as they are now.
    let rules (optimizer: torch.optim.Optimizer) : Rule[] =
        let mirror = mirrorOf optimizer
        [| for group in groups optimizer -> mirror.Rule group.Options |]

    /// The learning rate of each group, as it is now.
    let rates (optimizer: torch.optim.Optimizer) : float[] =
        match optimizer.ParamGroups with
        | null -> [||]
        | groups -> [| for group in groups -> group.LearningRate |]

    let private states (optimizer: torch.optim.Optimizer) (wanted: Modules.Parameter[]) : Modules.OptimizerState[] =
        match optimizer with
        | :? Modules.OptimizerHelper as helper ->
            let byParameter =
                Seq.zip (Seq.concat (parameters optimizer)) (helper.state_dict().State)
                |> Seq.map KeyValuePair
                |> fun pairs -> Dictionary<Modules.Parameter, Modules.OptimizerState>(pairs, HashIdentity.Reference)

            [| for parameter in wanted -> byParameter[parameter] |]
        | _ -> [||]

    /// Tells whether the optimizer keeps its state under parameters that are no longer there: given a lazy sequence, it
    /// sees the parameters that a module got when it was moved, and has no state for them.
    let isStale (optimizer: torch.optim.Optimizer) : bool =
        match optimizer with
        | :? Modules.OptimizerHelper as helper ->
            try
                helper.state_dict () |> ignore
                false
            with :? KeyNotFoundException ->
                true
        | _ -> false

    // The slots that the options of a group ask for, in the order of its rule.
    let private slotsOf (optimizer: torch.optim.Optimizer) (group: int) : struct (TorchSlot * SlotSpec)[] =
        let mirror = mirrorOf optimizer
        let rule = (rules optimizer)[group]

        [|
            for spec in rule.Slots -> struct (mirror.Slots |> List.find (fun slot -> slot.Name = spec.Name), spec)
        |]

    /// The slots and step counts that the optimizer has for these parameters, as flat vectors.
    let takeOver
        (optimizer: torch.optim.Optimizer)
        (group: int)
        (parameters: Modules.Parameter[])
        (layout: Layout)
        : struct (Vector[] * int64[]) =
        let states = states optimizer parameters

        let copied (slot: TorchSlot) (spec: SlotSpec) =
            let vector = Vector.full layout spec.Fill
            use _ = torch.no_grad ()

            for index in 0 .. states.Length - 1 do
                match slot.Get states[index] with
                | null -> ()
                | tensor when tensor.IsInvalid ->
                    invalidOp
                        "A slot of this optimizer was disposed. TorchSharp does that to slots that are loaded inside a dispose scope: call load_state_dict outside of any."
                | tensor ->
                    use place = Layout.view layout.Slots[index] vector.Tensor
                    place.copy_ tensor |> ignore

            vector

        struct ([| for struct (slot, spec) in slotsOf optimizer group -> copied slot spec |],
                Array.map (mirrorOf optimizer).Count states)

    /// Makes the optimizer's own slots views of flat vectors, so that they can be read and saved; nothing is copied.
    let bind
        (optimizer: torch.optim.Optimizer)
        (group: int)
        (parameters: Modules.Parameter[])
        (layout: Layout)
        (counts: int64[])
        (vectors: Vector[])
        : unit =
        let slots = slotsOf optimizer group
        let states = states optimizer parameters
        let options = (Seq.item group (groups optimizer)).Options
        use _ = torch.no_grad ()

        for index in 0 .. states.Length - 1 do
            for struct (slot, _), vector in Seq.zip slots vectors do
                use view = Layout.view layout.Slots[index] vector.Tensor
                TorchSlots.bind view slot states[index]

            (mirrorOf optimizer).SetCount options states[index] counts[index]

    /// Gives the optimizer's own slots memory of their own.
    let giveBack (optimizer: torch.optim.Optimizer) (group: int) (parameters: Modules.Parameter[]) : unit =
        let slots = slotsOf optimizer group
        use _ = torch.no_grad ()

        for state in states optimizer parameters do
            for struct (slot, _) in slots do
                match slot.Get state with
                | null -> ()
                | tensor ->
                    use copy = tensor.clone ()
                    TorchSlots.bind copy slot state
