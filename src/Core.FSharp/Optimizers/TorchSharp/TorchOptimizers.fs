namespace MetricLearning

open MetricLearning.Core
open TorchSharp

/// TorchSharp's optimizers: what they hold, the rules they stand for, and their slots.
module internal TorchOptimizers =

    /// The optimizers that are run as pure twins.
    let known = "SGD, Adam, AdamW, RMSProp, Adagrad, Adadelta, Adamax, NAdam, RAdam"

    // A class derived from one of them may step otherwise.
    let private kinds =
        set
            [
                for kind in
                    [
                        typeof<Modules.SGD>
                        typeof<Modules.Adam>
                        typeof<Modules.AdamW>
                        typeof<Modules.RMSProp>
                        typeof<Modules.Adagrad>
                        typeof<Modules.Adadelta>
                        typeof<Modules.Adamax>
                        typeof<Modules.NAdam>
                        typeof<Modules.RAdam>
                    ] do
                    kind.FullName
            ]

    /// Whether the optimizer is run as a pure twin.
    let hasTwin (optimizer: torch.optim.Optimizer) : bool =
        kinds.Contains(optimizer.GetType().FullName)

    let private groups (optimizer: torch.optim.Optimizer) : Modules.ParamGroup seq =
        Seq.cast<Modules.ParamGroup> optimizer.ParamGroups

    /// The parameters of each group.
    let parameters (optimizer: torch.optim.Optimizer) : Modules.Parameter[][] =
        match optimizer with
        | :? Modules.OptimizerHelper -> [| for group in groups optimizer -> Seq.toArray group.Parameters |]
        // LBFGS, which setup refuses: asking it would make new objects for the same parameters.
        | _ -> [||]

    /// The rule of each group, as its options are now.
    let rules (optimizer: torch.optim.Optimizer) : Rule[] =
        [|
            for group in groups optimizer do
                match TorchRule.ofOptions group.Options with
                | Some rule -> rule
                | None -> ()
        |]

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
                |> Seq.map (fun (parameter, state) -> System.Collections.Generic.KeyValuePair(parameter, state))
                |> fun pairs ->
                    System.Collections.Generic.Dictionary<Modules.Parameter, Modules.OptimizerState>(
                        pairs,
                        HashIdentity.Reference
                    )

            [| for parameter in wanted -> byParameter[parameter] |]
        | _ -> [||]

    /// Whether the optimizer keeps its state under parameters that are no longer there: given a lazy sequence, it sees
    /// the parameters that a module got when it was moved, and knows nothing of them.
    let isStale (optimizer: torch.optim.Optimizer) : bool =
        match optimizer with
        | :? Modules.OptimizerHelper as helper ->
            try
                helper.state_dict () |> ignore
                false
            with :? System.Collections.Generic.KeyNotFoundException ->
                true
        | _ -> false

    /// The slots and step counts that the optimizer has for these parameters, as flat vectors.
    let takeOver
        (optimizer: torch.optim.Optimizer)
        (group: int)
        (parameters: Modules.Parameter[])
        (layout: Layout)
        : struct (Vector[] * int64[]) =
        let states = states optimizer parameters
        let rule = (rules optimizer)[group]

        let slotOf (slot: SlotSpec) =
            let vector = Vector.full layout slot.Fill
            use _ = torch.no_grad ()

            for index in 0 .. states.Length - 1 do
                match TorchSlots.tensor slot.Name states[index] with
                | null -> ()
                | tensor when tensor.IsInvalid ->
                    invalidOp
                        "A slot of this optimizer was disposed. TorchSharp does that to slots that are loaded inside a dispose scope: call load_state_dict outside of any."
                | tensor ->
                    use place = Layout.view layout.Slots[index] vector.Tensor
                    place.copy_ tensor |> ignore

            vector

        struct (Array.map slotOf (Rule.slots rule), Array.map TorchSlots.count states)

    /// Lets the optimizer's own slots be views of flat vectors, so that they can be read and saved; nothing is copied.
    let show
        (optimizer: torch.optim.Optimizer)
        (group: int)
        (parameters: Modules.Parameter[])
        (layout: Layout)
        (counts: int64[])
        (slots: Vector[])
        : unit =
        let rule = (rules optimizer)[group]
        let states = states optimizer parameters
        use _ = torch.no_grad ()

        for index in 0 .. states.Length - 1 do
            for slot, vector in Seq.zip (Rule.slots rule) slots do
                use view = Layout.view layout.Slots[index] vector.Tensor
                TorchSlots.show slot.Name view states[index]

            TorchSlots.setCount rule counts[index] states[index]

    /// Gives the optimizer's own slots memory of their own.
    let giveBack (optimizer: torch.optim.Optimizer) (group: int) (parameters: Modules.Parameter[]) : unit =
        let rule = (rules optimizer)[group]
        use _ = torch.no_grad ()

        for state in states optimizer parameters do
            for slot in Rule.slots rule do
                match TorchSlots.tensor slot.Name state with
                | null -> ()
                | tensor ->
                    use copy = tensor.clone ()
                    TorchSlots.show slot.Name copy state
