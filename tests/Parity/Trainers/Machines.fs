namespace MetricLearning.Parity

open System
open System.Text.Json
open TorchSharp

/// What drives the networks of a run: TorchSharp's optimizers, schedulers and gradient clippers.
[<RequireQualifiedAccess>]
module Machines =

    // Python's defaults that TorchSharp does not share.
    let private defaults (optimizer: string) : Arguments =
        use weightDecay = JsonDocument.Parse "0.01"

        match optimizer with
        | "AdamW" -> [ "weight_decay", Given(weightDecay.RootElement.Clone()) ]
        | _ -> []

    // Python's pairs are two arguments here.
    let private spread (name: string, value: JsonElement) : Arguments =
        match name with
        | "betas" -> [ "beta1", Given value[0]; "beta2", Given value[1] ]
        | _ -> [ name, Given value ]

    let optimizer (network: torch.nn.Module) (spec: JsonElement) : torch.optim.Optimizer =
        let name = Json.text (Json.field "type" spec)

        let given =
            Json.members (Json.field "args" spec) |> List.ofArray |> List.collect spread

        let missing =
            defaults name
            |> List.filter (fun (argument, _) -> not (List.exists (fst >> (=) argument) given))

        let parameters: obj = Array.ofSeq (network.parameters ())

        Build.ofFactory typeof<torch.optim> name (("parameters", Made parameters) :: given @ missing)
        :?> torch.optim.Optimizer

    /// The learning rate of each parameter group.
    let rates (optimizer: torch.optim.Optimizer) : float seq =
        optimizer.ParamGroups |> Seq.map _.LearningRate

    let scheduler (optimizer: torch.optim.Optimizer) (spec: JsonElement) : obj =
        let name = Json.text (Json.field "type" spec)
        let given = Build.arguments (Json.field "args" spec)
        Build.ofFactory typeof<torch.optim.lr_scheduler> name (("optimizer", Made optimizer) :: given)

    let clipper (network: torch.nn.Module) (spec: JsonElement) : Action =
        let number name =
            Json.number (Json.field name (Json.field "args" spec))

        match Json.text (Json.field "type" spec) with
        | "clip_grad_norm" ->
            let maximum = number "max_norm"

            Action(fun () -> torch.nn.utils.clip_grad_norm_ (network.parameters (), maximum) |> ignore)
        | "clip_grad_value" ->
            let limit = number "clip_value"
            Action(fun () -> torch.nn.utils.clip_grad_value_ (network.parameters (), limit))
        | other -> raise (MissingPart $"the clipper %s{other}")

    /// The subset miner of the fixtures' README: the indices of the `n` largest norms, ascending.
    let topNormSubset (n: int64) : Func<torch.Tensor, torch.Tensor, torch.Tensor> =
        Func<_, _, _>(fun embeddings _ ->
            let struct (_, largest) = embeddings.square().sum(1L).topk(int n)
            let struct (ascending, _) = largest.sort ()
            ascending)
