namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Finding what follows what in the flat vectors of a run.
module internal FollowerAssembly =

    let private places (layouts: (Tensor[] * Layout)[]) : Dictionary<Tensor, struct (int * Slot)> =
        let found = Dictionary<Tensor, struct (int * Slot)>(HashIdentity.Reference)

        layouts
        |> Array.iteri (fun number (tensors, layout) ->
            Array.iter2 (fun tensor slot -> found[tensor] <- struct (number, slot)) tensors layout.Slots)

        found

    let private pieces
        (tensorsOf: nn.Module -> (string * Tensor) seq)
        (places: Dictionary<Tensor, struct (int * Slot)>)
        (modules: ModuleHandle list)
        (follower: Follower)
        : Following list =
        let find key =
            modules
            |> List.tryFind (fun handle -> handle.Key = key)
            |> Option.map (fun handle -> tensorsOf handle.Module)

        match find follower.Leader, find follower.Network with
        | Some leader, Some own ->
            let leaders = dict leader

            [
                for name, tensor in own do
                    let struct (vector, slot) = places[tensor]
                    let struct (leader, leaderSlot) = places[leaders[name]]

                    {
                        Vector = vector
                        First = slot.Offset
                        Leader = leader
                        LeaderFirst = leaderSlot.Offset
                        Count = slot.Padded
                        Momentum = follower.Momentum
                    }
            ]
        | _ -> []

    let private following tensorsOf layouts (modules: ModuleHandle list) (followers: Follower list) : Following[] =
        let places = places layouts

        followers |> List.collect (pieces tensorsOf places modules) |> Following.joined

    /// Of weights.
    let ofWeights (groups: ParameterGroup[]) (modules: ModuleHandle list) (followers: Follower list) : Following[] =
        let parametersOf (owner: nn.Module) : (string * Tensor) seq =
            seq {
                for struct (name, parameter) in owner.named_parameters () do
                    name, parameter :> Tensor
            }

        let layouts =
            groups
            |> Array.map (fun group -> Array.map (fun parameter -> parameter :> Tensor) group.Parameters, group.Layout)

        following parametersOf layouts modules followers

    /// Of buffers.
    let ofBuffers (groups: BufferGroup[]) (modules: ModuleHandle list) (followers: Follower list) : Following[] =
        let buffersOf (owner: nn.Module) : (string * Tensor) seq =
            seq {
                for struct (name, buffer) in owner.named_buffers () do
                    if not buffer.IsInvalid then
                        name, buffer
            }

        let layouts = groups |> Array.map (fun group -> group.Buffers, group.Layout)
        following buffersOf layouts modules followers
