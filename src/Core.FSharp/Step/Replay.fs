namespace MetricLearning.Core

open System
open MetricLearning
open MetricLearning.Core

/// The tensors that a forward pass writes into (buffers, embeddings with max_norm), as they were before the first one. A second pass over the
/// same samples begins there as well, and what it writes is dropped: the first pass has written it already.
[<Sealed>]
type internal Replay(handles: Handles, workspace: Workspace) =

    let weights =
        Array.map2
            (fun (group: ParameterGroup) (vector: Vector) ->
                if group.IsRewritten then
                    ValueSome(Vector.clone vector)
                else
                    ValueNone)
            handles.Groups
            workspace.Weights

    let buffers = Array.map Vector.clone workspace.Buffers

    let show (weightsOf: int -> Vector voption) (buffersOf: int -> Vector) =
        for group in 0 .. weights.Length - 1 do
            if weights[group].IsSome then
                weightsOf group
                |> ValueOption.iter (fun vector -> handles.Binding.BindWeights(group, vector))

        for group in 0 .. buffers.Length - 1 do
            handles.Binding.BindBuffers(group, buffersOf group)

    /// Runs the second pass; then the modules show what the iteration has written before it.
    member _.Run(pass: unit -> unit) : unit =
        show (fun group -> weights[group]) (fun group -> buffers[group])
        pass ()
        show (fun group -> ValueSome workspace.Weights[group]) (fun group -> workspace.Buffers[group])

    interface IDisposable with
        member _.Dispose() =
            for vector in weights do
                ValueOption.iter (fun (vector: Vector) -> vector.Release()) vector

            for vector in buffers do
                vector.Release()
