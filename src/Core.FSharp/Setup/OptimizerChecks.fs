namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Checks of optimizers against the networks and losses that their keys name.
module internal OptimizerChecks =

    let private quoted (keys: string seq) =
        String.concat " and " (Seq.map (sprintf "\"%s\"") keys)

    let private owners (modules: ModuleHandle list) : Dictionary<Modules.Parameter, string list> =
        let owners = Dictionary<Modules.Parameter, string list>(HashIdentity.Reference)

        for handle in modules do
            for parameter in handle.Module.parameters () do
                owners[parameter] <-
                    match owners.TryGetValue parameter with
                    | true, others -> others @ [ handle.Key ]
                    | _ -> [ handle.Key ]

        owners

    let private shapes (parameters: Modules.Parameter list) =
        let shown =
            parameters
            |> Seq.truncate 3
            |> Seq.map (fun parameter -> Shape.show parameter.shape)

        String.concat ", " shown + (if parameters.Length > 3 then ", …" else "")

    // What an optimizer of TorchSharp's moves, against the network of its key and all others.
    let private belonging (owners: Dictionary<Modules.Parameter, string list>) key (owner: string) optimizer =
        let parameters = optimizer |> TorchOptimizers.parameters |> Seq.concat |> List.ofSeq

        let ownersOf (parameter: Modules.Parameter) =
            match owners.TryGetValue parameter with
            | true, keys -> keys
            | _ -> []

        let strangers = parameters |> List.filter (ownersOf >> List.isEmpty)

        [
            // Disposed parameters have a message of their own.
            if parameters |> List.forall (fun parameter -> not parameter.IsInvalid) then
                if not strangers.IsEmpty then
                    $"Optimizers[\"{key}\"] holds {strangers.Length} of {parameters.Length} parameters that belong to no network or loss of this trainer (shapes {shapes strangers}). Make it from the parameters() of what Models[\"{owner}\"] or LossFuncs[\"{owner}\"] is, or add the network that they belong to."
                elif
                    not parameters.IsEmpty
                    && not (parameters |> List.exists (ownersOf >> List.contains owner))
                then
                    let found = parameters |> List.collect ownersOf |> List.distinct

                    $"Optimizers[\"{key}\"] holds no parameter of \"{owner}\", only those of {quoted found}. Give it under \"{Keys.optimizerOf found.Head}\", or make it from the parameters of \"{owner}\"."
        ]

    /// An optimizer of TorchSharp's holds parameters of the network or loss that its key names, and of others of the trainer
    /// at most.
    let belong (modules: ModuleHandle list) (optimizers: (string * AnyOptimizer) list) : Diagnostics =
        // Other keys are mistakes of their own.
        let optimizers =
            optimizers |> List.filter (fun (key, _) -> key.EndsWith(Keys.optimizerOf ""))

        let owners = owners modules
        let known = modules |> List.map _.Key

        Diagnostics.errors
            [
                for key, optimizer in optimizers do
                    let owner = Keys.ownerOf key

                    match optimizer with
                    | TorchOptimizer optimizer -> yield! belonging owners key owner optimizer
                    | ValueOptimizer _ ->
                        if not (List.contains owner known) then
                            $"Optimizers has an entry \"{key}\", but there is no \"{owner}\" in Models or LossFuncs: add it, or leave the optimizer out."
            ]

    // The rules of an optimizer with the types of the parameters that they step.
    let private steps (modules: ModuleHandle list) (key: string) (optimizer: AnyOptimizer) =
        match optimizer with
        | TorchOptimizer optimizer when TorchOptimizers.hasMirror optimizer ->
            Seq.zip (TorchOptimizers.rules optimizer) (TorchOptimizers.parameters optimizer)
            |> Seq.collect (fun (rule, parameters) -> parameters |> Seq.map (fun parameter -> rule, parameter.dtype))
            |> List.ofSeq
        | ValueOptimizer optimizer ->
            [
                for handle in modules do
                    if Keys.optimizerOf handle.Key = key then
                        for struct (name, parameter) in handle.Module.named_parameters () do
                            let struct (rule, _) = optimizer.Groups[optimizer.GroupOf name]
                            rule, parameter.dtype
            ]
        | _ -> []

    /// An option that keeps a divisor from being 0 must not be 0 in the type of the weights.
    let precision
        (chosen: Precision)
        (modules: ModuleHandle list)
        (optimizers: (string * AnyOptimizer) list)
        : Diagnostics =
        let keepsFull = (Autocast.dtypeOf chosen).IsSome

        Diagnostics.warnings (
            List.distinct
                [
                    for key, optimizer in optimizers do
                        for rule, own in steps modules key optimizer do
                            let dtype =
                                if keepsFull && Numeric.isHalf own then
                                    torch.float32
                                else
                                    own

                            match rule.Eps with
                            | Some eps when eps <> 0.0 && FloatTypes.round dtype eps = 0.0 ->
                                $"The eps of Optimizers[\"{key}\"] ({rule.Name}) is {eps}, which is 0 in {dtype}: a step divides by 0 where a gradient is 0 or small, and is refused then. Set eps to 1e-4, say, or train in float32 or bfloat16."
                            | _ -> ()
                ]
        )
