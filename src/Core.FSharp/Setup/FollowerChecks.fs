namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Checks of networks that follow others.
module internal FollowerChecks =

    let private present (options: RunOptions) (key: string) : nn.Module option =
        options.Models.Present |> List.tryFind (fst >> (=) key) |> Option.map snd

    /// A network and its follower: both are there, or neither.
    let areThere (schema: Schema) (options: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                for follower in schema.Followers do
                    match present options follower.Leader, present options follower.Network with
                    | Some _, None ->
                        $"Models has \"{follower.Leader}\", but no \"{follower.Network}\" to follow it: add a network that is made like it."
                    | None, Some _ ->
                        $"Models has \"{follower.Network}\", but no \"{follower.Leader}\" for it to follow: add that network, or leave the follower out."
                    | _ -> ()
            ]

    let private tensorsOf (owner: nn.Module) : (string * Tensor) list =
        [
            for struct (name, parameter) in owner.named_parameters () do
                name, parameter :> Tensor
            for struct (name, buffer) in owner.named_buffers () do
                if not buffer.IsInvalid then
                    name, buffer
        ]

    let private show (tensor: Tensor) =
        $"{tensor.dtype} {Shape.show tensor.shape}"

    let private describe (tensors: (string * Tensor) list) =
        tensors |> List.map (fun (name, tensor) -> name, show tensor) |> Map.ofList

    // The first difference between the two, by name.
    let private difference (leader: nn.Module) (follower: nn.Module) : string option =
        let wanted, found = describe (tensorsOf leader), describe (tensorsOf follower)

        Seq.append wanted.Keys found.Keys
        |> Seq.distinct
        |> Seq.tryPick (fun name ->
            match wanted.TryFind name, found.TryFind name with
            | Some one, Some other when one = other -> None
            | Some one, Some other -> Some $"its \"{name}\" is {other} instead of {one}"
            | Some _, None -> Some $"it has no \"{name}\""
            | None, _ -> Some $"it has a \"{name}\"")

    let private ofPair (options: RunOptions) (follower: Follower) (leader: nn.Module) (own: nn.Module) : string list =
        let ofLeader =
            HashSet<Tensor>(List.map snd (tensorsOf leader), HashIdentity.Reference)

        let ofOwn = HashSet<Modules.Parameter>(own.parameters (), HashIdentity.Reference)

        [
            if tensorsOf own |> List.exists (snd >> ofLeader.Contains) then
                $"Models[\"{follower.Network}\"] shares weights with Models[\"{follower.Leader}\"], which it is to follow: make a network of its own, by the same code."
            else
                match difference leader own with
                | Some difference ->
                    $"Models[\"{follower.Network}\"] cannot follow Models[\"{follower.Leader}\"], because {difference}: make both by the same code."
                | None -> ()

            for key, optimizer in options.Optimizers.Present do
                match optimizer with
                | TorchOptimizer optimizer when
                    TorchOptimizers.parameters optimizer |> Seq.concat |> Seq.exists ofOwn.Contains
                    ->
                    $"Optimizers[\"{key}\"] holds parameters of \"{follower.Network}\", which follows \"{follower.Leader}\" instead of being stepped: make the optimizer from the other networks' parameters."
                | _ -> ()
        ]

    /// A follower has the same parameters and buffers as the network that it follows, all of its own, and in no optimizer.
    let areAlike (schema: Schema) (options: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                for follower in schema.Followers do
                    match present options follower.Leader, present options follower.Network with
                    | Some leader, Some own -> yield! ofPair options follower leader own
                    | _ -> ()
            ]
