namespace MetricLearning.Core

open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// The vectors that one iteration works on. Those that a forward pass writes into (buffers, embeddings with max_norm) are
/// copied before it, so that a failed iteration can be undone.
[<ReferenceEquality>]
type internal Workspace =
    {
        /// The vectors before the iteration.
        Before: Learned
        /// The right to write into them.
        Ownership: Ownership
        /// The weights that the modules are bound to during the forward pass, group by group.
        Weights: Vector[]
        /// The buffers that they are bound to.
        Buffers: Vector[]
        /// Vectors made for this iteration.
        Fresh: Vector list
        /// Vectors that are written in place, and their content before.
        Backups: (Vector * Tensor) list
    }

/// An iteration as a whole: it leads to what is learned next, or leaves everything as it was.
module internal Workspace =

    let private mayWrite (ownership: Ownership) (vector: Vector) =
        ownership = Ownership.Given && not vector.IsShared

    let private bind (handles: Handles) (ownership: Ownership) (learned: Learned) : Workspace =
        let writable (fresh, backups) (vector: Vector) =
            if mayWrite ownership vector then
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

        weights
        |> Array.iteri (fun group vector -> handles.Binding.BindWeights(group, vector))

        buffers
        |> Array.iteri (fun group vector -> handles.Binding.BindBuffers(group, vector))

        {
            Before = learned
            Ownership = ownership
            Weights = weights
            Buffers = buffers
            Fresh = fresh
            Backups = backups
        }

    let private undo (handles: Handles) (workspace: Workspace) : unit =
        use _ = no_grad ()

        for vector, content in workspace.Backups do
            vector.Tensor.copy_ content |> ignore

        handles.Binding.Bind workspace.Before

        for vector in workspace.Fresh do
            vector.Release()

    /// Runs an iteration from a state, with modules bound to it. When it fails, the modules are bound to the state as it
    /// was; in any case the user's stream of random numbers goes on where it was. A state that is given is used up.
    /// Raises what the iteration raised; InvalidOperationException when the state cannot be stepped with these handles.
    let run (handles: Handles) (ownership: Ownership) (state: TrainingState) (iterate: Workspace -> 'Result) : 'Result =
        Locks.drawing handles.Binding.Turns (fun () ->
            StateGuards.check handles state
            use _ = NewDisposeScope()
            use _ = enable_grad ()
            let users = torch.random.get_rng_state ()
            let algorithms = LibtorchAlgorithms.current ()
            let workspace = bind handles ownership state.Learned

            try
                if handles.IsDeterministic then
                    Effects.chooseAlgorithms LibtorchAlgorithms.deterministic

                try
                    let result = iterate workspace
                    Locks.noteChange handles.Binding.Turns

                    if ownership = Ownership.Given then
                        state.Dispose()

                    result
                with _ ->
                    undo handles workspace
                    reraise ()
            finally
                ValueOption.iter Effects.chooseAlgorithms algorithms
                Effects.restoreGenerators handles.Device (Progress.stepSeed "users" state.Progress) users)

    /// True for a vector that was made for this iteration.
    let isFresh (workspace: Workspace) (vector: Vector) : bool =
        List.exists (fun fresh -> obj.ReferenceEquals(fresh, vector)) workspace.Fresh

    /// A vector that goes on unchanged; the state before keeps its share in it.
    let passOn (workspace: Workspace) (vector: Vector) : Vector =
        if not (isFresh workspace vector) then
            vector.Retain()

        vector

    /// A vector with the same content that the optimizer may write into: the vector itself where it may, else a copy.
    let writable (workspace: Workspace) (vector: Vector) : Vector =
        if isFresh workspace vector then
            vector
        elif mayWrite workspace.Ownership vector then
            passOn workspace vector
        else
            Vector.clone vector
