namespace MetricLearning.Core

open System.Collections.Generic
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
        Fresh: List<Vector>
        /// Vectors of the state before that the next one shares.
        PassedOn: List<Vector>
        /// Vectors that are written in place, and their content before.
        Backups: List<struct (Vector * Tensor)>
    }

/// An iteration as a whole: it leads to what is learned next, or leaves everything as it was.
module internal Workspace =

    let private mayWrite (ownership: Ownership) (vector: Vector) =
        ownership = Ownership.Given && not vector.IsShared

    let private bind (handles: Handles) (ownership: Ownership) (learned: Learned) : Workspace =
        let fresh = List<Vector>()
        let backups = List<struct (Vector * Tensor)>()

        let writable (vector: Vector) : Vector =
            if mayWrite ownership vector then
                backups.Add(struct (vector, vector.Tensor.clone ()))
                vector
            else
                let copy = Vector.clone vector
                fresh.Add copy
                copy

        let buffers = Array.map writable learned.Buffers

        learned.Groups
        |> Array.iteri (fun group groupState -> handles.Binding.TakeOver(group, groupState.Weights))

        let weights =
            Array.map2
                (fun (group: ParameterGroup) (groupState: GroupState) ->
                    if group.IsRewritten then
                        writable groupState.Weights
                    else
                        groupState.Weights)
                handles.Groups
                learned.Groups

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
            PassedOn = List<Vector>()
            Backups = backups
        }

    let private restore (handles: Handles) (workspace: Workspace) : unit =
        use _ = no_grad ()

        for struct (vector, content) in workspace.Backups do
            vector.Tensor.copy_ content |> ignore

        handles.Binding.Bind workspace.Before

    let private undo (handles: Handles) (workspace: Workspace) : unit =
        restore handles workspace

        for vector in Seq.append workspace.Fresh workspace.PassedOn do
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

            let algorithms =
                if handles.IsDeterministic then
                    LibtorchAlgorithms.current ()
                else
                    ValueNone

            let workspace = bind handles ownership state.Learned

            try
                if algorithms.IsSome then
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

    /// The content of a vector of the state when the iteration began.
    let before (workspace: Workspace) (vector: Vector) : Tensor =
        match
            workspace.Backups
            |> Seq.tryFind (fun (struct (kept, _)) -> obj.ReferenceEquals(kept, vector))
        with
        | Some(struct (_, content)) -> content
        | None -> vector.Tensor

    /// A vector with this content that belongs to the iteration.
    let own (workspace: Workspace) (content: Tensor) : Vector =
        let vector = Vector.Own content
        workspace.Fresh.Add vector
        vector

    /// True for a vector that was made for this iteration.
    let isFresh (workspace: Workspace) (vector: Vector) : bool =
        workspace.Fresh.Exists(fun fresh -> obj.ReferenceEquals(fresh, vector))

    /// A vector that goes on unchanged; the state before keeps its share in it.
    let passOn (workspace: Workspace) (vector: Vector) : Vector =
        if not (isFresh workspace vector) then
            vector.Retain()
            workspace.PassedOn.Add vector

        vector

    /// A copy of a vector, or the vector itself where it is one already.
    let copyOf (workspace: Workspace) (vector: Vector) : Vector =
        if isFresh workspace vector then
            vector
        else
            let copy = Vector.clone vector
            workspace.Fresh.Add copy
            copy

    /// A vector with the same content that the optimizer may write into: the vector itself where it may, else a copy.
    let writable (workspace: Workspace) (vector: Vector) : Vector =
        if mayWrite workspace.Ownership vector then
            passOn workspace vector
        else
            copyOf workspace vector

    /// Keeps the content of a vector that is about to be written, so that this can be undone.
    let keep (workspace: Workspace) (vector: Vector) : unit =
        let isKept (struct (kept: Vector, _)) = obj.ReferenceEquals(kept, vector)

        if not (isFresh workspace vector || workspace.Backups.Exists isKept) then
            workspace.Backups.Add(struct (vector, vector.Tensor.clone ()))

    /// The learned content of before as that of next: whatever the iteration has written is undone.
    let goBack (handles: Handles) (workspace: Workspace) : Learned =
        restore handles workspace

        for vector in workspace.Fresh do
            vector.Release()

        workspace.Fresh.Clear()
        let before = workspace.Before

        let groups =
            before.Groups
            |> Array.map (fun group ->
                { group with
                    Weights = passOn workspace group.Weights
                    Slots = Array.map (passOn workspace) group.Slots
                })

        for vector in before.Average.Vectors do
            passOn workspace vector |> ignore

        new Learned(groups, Array.map (passOn workspace) before.Buffers, before.Average)
