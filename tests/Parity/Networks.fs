namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp

type private Layer = torch.nn.Module<torch.Tensor, torch.Tensor>

/// Networks from fixtures, and the weights that modules hold.
[<RequireQualifiedAccess>]
module Networks =

    // What the fixtures say of a layer besides its type are its factory's arguments.
    let private layer (spec: JsonElement) : Layer =
        let given =
            [
                for name, value in Json.members spec do
                    if name <> "type" then
                        name, Given value
            ]

        match Build.ofFactory typeof<torch.nn> (Json.text (Json.field "type" spec)) given with
        | :? Layer as layer -> layer
        | other -> raise (MissingPart $"%s{other.GetType().Name} as a layer")

    /// All layers in one Sequential.
    let ofSpec (spec: JsonElement) : torch.nn.Module =
        torch.nn.Sequential(Json.items (Json.field "layers" spec) |> Array.map layer)

    /// Writes weights and buffers, by their names.
    let load (state: JsonElement) (network: torch.nn.Module) : unit =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let own = network.state_dict ()

        for name, value in Json.members state do
            match own.TryGetValue name with
            | true, tensor -> tensor.copy_ (Tensors.floats value) |> ignore
            | _ ->
                let names = String.concat ", " own.Keys
                invalidOp $"%s{network.GetName()} has no weights named %s{name}; it has: %s{names}"

    let private compare (where: string) (theirs: JsonElement) (ours: string -> torch.Tensor option) : Fact list =
        [
            for name, value in Json.members theirs do
                Fact.tensor $"%s{where}.%s{name}" value (Option.toObj (ours name))
        ]

    /// Weights and buffers, by their names.
    let stateFacts (where: string) (theirs: JsonElement) (network: torch.nn.Module) : Fact list =
        let own = network.state_dict ()

        compare where theirs (fun name ->
            match own.TryGetValue name with
            | true, tensor -> Some tensor
            | _ -> None)

    /// Copies of the gradients of a module's parameters, by name; those that were never made are left out.
    let gradients (network: torch.nn.Module) : Map<string, torch.Tensor> =
        Map.ofSeq
            [
                for struct (name, parameter) in network.named_parameters () do
                    match parameter.grad with
                    | null -> ()
                    | gradient -> name, gradient.clone().DetachFromDisposeScope()
            ]

    /// Gradients, by parameter name; null is one that was never made.
    let gradientFacts (where: string) (theirs: JsonElement) (ours: Map<string, torch.Tensor>) : Fact list =
        compare where theirs ours.TryFind
