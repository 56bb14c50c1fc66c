namespace MetricLearning.Core

open MetricLearning
open TorchSharp
open type TorchSharp.torch

/// The vectors that one iteration works on. What a forward pass writes into (buffers, embeddings with max_norm) is
/// copied before it, so that a failed iteration can be undone.
[<ReferenceEquality>]
type internal Workspace =
    {
        /// The weights that the modules show during the forward pass, group by group.
        Weights: Vector[]
        /// The buffers that they show.
        Buffers: Vector[]
        /// Vectors made for this iteration.
        Fresh: Vector list
        /// Vectors that are written in place, and what was in them.
        Backups: (Vector * Tensor) list
    }

/// Preparing an iteration, and undoing one that failed.
module internal Workspace =

    /// True for a vector that may be written in place: its state is given up and nobody else holds it.
    let isOurs (keep: bool) (vector: Vector) = not keep && not vector.IsShared

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
            Array.zip handles.Groups learned.Groups
            |> Array.mapFold
                (fun made (group, groupState) ->
                    if group.IsRewritten then
                        writable made groupState.Weights
                    else
                        groupState.Weights, made)
                made

        Array.iteri (Effects.bindWeights handles) weights
        Array.iteri (Effects.bindBuffers handles) buffers

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

        Effects.bind handles learned

        for vector in workspace.Fresh do
            vector.Release()
