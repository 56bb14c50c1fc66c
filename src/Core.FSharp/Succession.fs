namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch

/// The vectors that one iteration works on. What a forward pass writes into (buffers, embeddings with max_norm) is
/// copied before it, so that a failed iteration can be undone.
[<ReferenceEquality>]
type internal Workspace =
    { /// The weights that the modules show during the forward pass, part by part.
      Weights: Vector[]
      /// The buffers that they show.
      Buffers: Vector[]
      /// Vectors made for this iteration.
      Fresh: Vector list
      /// Vectors that are written in place, and what was in them.
      Backups: (Vector * Tensor) list }

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

        { Weights = weights
          Buffers = buffers
          Fresh = fresh
          Backups = backups }

    /// Undoes what a failed iteration did.
    let undo (handles: Handles) (workspace: Workspace) (learned: Learned) : unit =
        use _ = no_grad ()

        for vector, content in workspace.Backups do
            vector.Tensor.copy_ content |> ignore

        Effects.show handles learned

        for vector in workspace.Fresh do
            vector.Release()

    let private gradients (part: Part) : (Tensor | null)[] =
        part.Parameters
        |> Array.map (fun parameter ->
            match parameter.grad with
            | null -> null
            | gradient ->
                if gradient.is_sparse then
                    invalidOp
                        "A parameter has a sparse gradient, which the optimizers here cannot use; create the embedding with sparse: false."

                gradient)

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
        let isFresh (vector: Vector) = List.exists (fun fresh -> obj.ReferenceEquals(fresh, vector)) workspace.Fresh

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
            |> List.map (fun (key, driver) -> key, (driver, rules driver rates[key]))
            |> dict

        // All gradients are read before anything is written.
        let gathered =
            handles.Parts
            |> Array.map (fun part ->
                match part.Optimizer with
                | Some key when drivers.ContainsKey key -> gradients part
                | _ -> [||])

        let parts =
            handles.Parts
            |> Array.mapi (fun index part ->
                let before = learned.Parts[index]

                match part.Optimizer with
                | Some key when drivers.ContainsKey key ->
                    let weights = own workspace.Weights[index]

                    match drivers[key] with
                    | Driver.InPlace _, _ ->
                        { before with
                            Weights = weights
                            Slots = [||] }
                    | _, rules ->
                        let struct (rule, rate) = rules[part.Group]

                        if (Rule.slots rule).Length <> before.Slots.Length then
                            invalidOp
                                $"The options of the optimizer \"{key}\" were changed so that it keeps other slots than before (momentum or amsgrad switched on or off). Make a new trainer for that."

                        let slots = Array.map own before.Slots
                        let counts = 
                            part.Update.Run(
                                rule,
                                rate,
                                before.Counts,
                                gathered[index],
                                Array.map (fun (slot: Vector) -> slot.Tensor) slots,
                                weights.Tensor
                            )

                        { Weights = weights
                          Slots = slots
                          Counts = counts }
                | _ ->
                    { before with
                        Weights = passOn workspace.Weights[index]
                        Slots = Array.map passOn before.Slots })

        parts
        |> Array.iteri (fun index part -> Effects.showWeights handles index part.Weights)

        for KeyValue(_, (driver, _)) in drivers do
            match driver with
            | Driver.InPlace optimizer -> optimizer.step () |> ignore
            | _ -> ()

        new Learned(parts, Array.map passOn workspace.Buffers)

    /// Lets TorchSharp's optimizers show the slots of a state, so that they can be read and saved.
    let showSlots (handles: Handles) (learned: Learned) : unit =
        for key, driver in handles.Optimizers do
            match driver with
            | Driver.Twin optimizer ->
                for part, learnedPart in Array.zip handles.Parts learned.Parts do
                    if part.Optimizer = Some key then
                        TorchOptimizers.show optimizer part.Group part.Parameters part.Layout learnedPart.Counts learnedPart.Slots
            | _ -> ()
