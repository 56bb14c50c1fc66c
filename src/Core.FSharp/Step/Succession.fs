namespace MetricLearning.Core

open MetricLearning
open TorchSharp
open type TorchSharp.torch

/// The vectors that one iteration works on. What a forward pass writes into (buffers, embeddings with max_norm) is
/// copied before it, so that a failed iteration can be undone.
[<ReferenceEquality>]
type internal Workspace =
    {
        /// The weights that the modules show during the forward pass, part by part.
        Weights: Vector[]
        /// The buffers that they show.
        Buffers: Vector[]
        /// Vectors made for this iteration.
        Fresh: Vector list
        /// Vectors that are written in place, and what was in them.
        Backups: (Vector * Tensor) list
    }

/// From what was learned to what is learned next: which vectors are kept, copied or written in place.
module internal Succession =

    // A vector may be written in place when its state is given up and nobody else holds it.
    let private isOurs (keep: bool) (vector: Vector) = not keep && not vector.IsShared

    /// Prepares an iteration from a state that is kept, or given up.
    let prepare (handles: Handles) (keep: bool) (learned: Learned) : Workspace =
        let writable (fresh, backups) (vector: Vector) =
            if isOurs keep vector then
                vector, (fresh, (vector, vector.Tensor.clone ()) :: backups)
            else
                let copy = Vector.clone vector
                copy, (copy :: fresh, backups)

        let buffers, made = Array.mapFold writable ([], []) learned.Buffers

        let weights, (fresh, backups) =
            Array.zip handles.Parts learned.Parts
            |> Array.mapFold
                (fun made (part, learnedPart) ->
                    if part.IsRewritten then
                        writable made learnedPart.Weights
                    else
                        learnedPart.Weights, made)
                made

        Array.iteri (Effects.showWeights handles) weights
        Array.iteri (Effects.showBuffers handles) buffers

        {
            Weights = weights
            Buffers = buffers
            Fresh = fresh
            Backups = backups
        }

    /// Undoes what a failed iteration did.
    let undo (handles: Handles) (workspace: Workspace) (learned: Learned) : unit =
        use _ = no_grad ()

        for vector, content in workspace.Backups do
            vector.Tensor.copy_ content |> ignore

        Effects.show handles learned

        for vector in workspace.Fresh do
            vector.Release()

    /// The rule and the learning rate of each of an optimizer's groups.
    let private rules (driver: Driver) (rates: float[]) : struct (Rule * float)[] =
        match driver with
        | Driver.Pure optimizer ->
            Array.map2 (fun struct (rule, _) rate -> struct (rule, rate)) (Optimizer.groups optimizer) rates
        | Driver.Twin optimizer ->
            Seq.zip (TorchOptimizers.rules optimizer) rates
            |> Seq.map (fun (rule, rate) -> struct (rule, rate))
            |> Array.ofSeq
        | Driver.InPlace _ -> [||]

    let private checkSlots (key: string) (rule: Rule) (part: LearnedPart) =
        if (Rule.slots rule).Length <> part.Slots.Length then
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
            elif isOurs keep vector then passOn vector
            else Vector.clone vector

        let drivers =
            handles.Optimizers
            |> List.filter (fun (key, _) -> List.contains key stepping)
            |> List.map (fun (key, driver) -> key, struct (driver, rules driver rates[key]))
            |> dict

        let driverOf (part: Part) =
            match part.Optimizer with
            | Some key when drivers.ContainsKey key -> ValueSome drivers[key]
            | _ -> ValueNone

        // Everything that can be refused is refused here, before anything is written.
        let gradients =
            Array.map2
                (fun part before ->
                    match driverOf part, part.Optimizer with
                    | ValueSome(struct (Driver.InPlace _, _)), _
                    | ValueNone, _
                    | _, None -> [||]
                    | ValueSome(struct (_, rules)), Some key ->
                        let struct (rule, _) = rules[part.Group]
                        checkSlots key rule before
                        let found = part.Parameters |> Array.map _.grad
                        part.Update.Check found
                        found)
                handles.Parts
                learned.Parts

        // Optimizers without a twin step first, on copies: what they refuse is not known beforehand.
        let copies =
            [
                for index in 0 .. handles.Parts.Length - 1 do
                    match driverOf handles.Parts[index] with
                    | ValueSome(struct (Driver.InPlace _, _)) ->
                        let before = workspace.Weights[index]
                        index, (if isFresh before then before else Vector.clone before)
                    | _ -> ()
            ]

        try
            for index, copy in copies do
                Effects.showWeights handles index copy

            for struct (driver, _) in drivers.Values do
                match driver with
                | Driver.InPlace optimizer -> Effects.stepInPlace optimizer
                | _ -> ()
        with _ ->
            for _, copy in copies do
                if not (isFresh copy) then
                    copy.Release()

            reraise ()

        let parts =
            handles.Parts
            |> Array.mapi (fun index part ->
                let before = learned.Parts[index]

                match driverOf part with
                | ValueSome(struct (Driver.InPlace _, _)) ->
                    { before with
                        Weights = copies |> List.find (fst >> (=) index) |> snd
                        Slots = [||]
                    }
                | ValueSome(struct (_, rules)) ->
                    let struct (rule, rate) = rules[part.Group]
                    let weights = own workspace.Weights[index]
                    let slots = Array.map own before.Slots

                    let counts =
                        part.Update.Run(
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

        parts
        |> Array.iteri (fun index part -> Effects.showWeights handles index part.Weights)

        let next = new Learned(parts, Array.map passOn workspace.Buffers)
        Effects.rememberHead handles next
        next

    // Of modules that were disposed there is nothing to show.
    let private isGone (part: Part) =
        part.Parameters |> Array.exists (fun parameter -> parameter.IsInvalid)

    /// Lets TorchSharp's optimizers show the slots of a state, so that they can be read and saved.
    let showSlots (handles: Handles) (learned: Learned) : unit =
        for key, driver in handles.Optimizers do
            match driver with
            | Driver.Twin optimizer ->
                for part, learnedPart in Array.zip handles.Parts learned.Parts do
                    if part.Optimizer = Some key && not (isGone part) then
                        TorchOptimizers.show
                            optimizer
                            part.Group
                            part.Parameters
                            part.Layout
                            learnedPart.Counts
                            learnedPart.Slots
            | _ -> ()

    /// Gives the slots of TorchSharp's optimizers memory of their own, as they are.
    let giveSlotsBack (handles: Handles) : unit =
        for key, driver in handles.Optimizers do
            match driver with
            | Driver.Twin optimizer ->
                for part in handles.Parts do
                    if part.Optimizer = Some key && not (isGone part) then
                        TorchOptimizers.giveBack optimizer part.Group part.Parameters
            | _ -> ()
