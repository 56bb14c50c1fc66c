namespace MetricLearning.Parity

open System.Text.Json
open TorchSharp


/// The machines of one training run.
type Scenario =
    {
        Json: JsonElement
        Models: (string * torch.nn.Module) list
        LossFuncs: (string * torch.nn.Module) list
        MiningFuncs: (string * obj) list
        Optimizers: (string * torch.optim.Optimizer) list
        Samples: RecordedSamples
        DatasetLabels: obj
    }

    /// Networks and losses by their keys.
    member scenario.Modules = scenario.Models @ scenario.LossFuncs

[<RequireQualifiedAccess>]
module Scenario =

    let private entries (name: string) (scenario: JsonElement) : (string * JsonElement) list =
        match Json.trySome name scenario with
        | Some entries -> List.ofArray (Json.members entries)
        | None -> []

    let private miner (spec: JsonElement) : obj =
        match Json.text (Json.field "type" spec) with
        | "custom:TopNormSubset" ->
            Machines.topNormSubset (int64 (Json.number (Json.field "n" (Json.field "args" spec))))
        | name -> Build.construct name (Build.arguments (Json.field "args" spec)) Stats.collected

    // With the weights that the fixture begins with, in float64.
    let private modules (group: string) (make: JsonElement -> torch.nn.Module) (scenario: JsonElement) =
        let initial = Json.field group (Json.field "initial_state" scenario)

        [
            for name, spec in entries group scenario do
                let made = (make spec).``to`` torch.ScalarType.Float64
                Json.trySome name initial |> Option.iter (fun state -> Networks.load state made)
                name, made
        ]

    let private loss (spec: JsonElement) : torch.nn.Module =
        match Build.ofSpec spec with
        | :? torch.nn.Module as loss -> loss
        | other -> raise (MissingPart $"%s{other.GetType().Name} as a module")

    let ofJson (datasets: JsonElement) (scenario: JsonElement) : Scenario =
        let models = modules "models" Networks.ofSpec scenario
        let losses = modules "loss_funcs" loss scenario
        let byKey = Map.ofList (models @ losses)

        {
            Json = scenario
            Models = models
            LossFuncs = losses
            MiningFuncs =
                [
                    for name, spec in entries "mining_funcs" scenario do
                        name, miner spec
                ]
            Optimizers =
                [
                    for name, spec in entries "optimizers" scenario do
                        name, Machines.optimizer byKey[name.Replace("_optimizer", "")] spec
                ]
            Samples = Samples.ofScenario datasets scenario
            DatasetLabels = Samples.labels datasets scenario
        }

    /// The gradient clippers, each with a call before it.
    let clippers (before: unit -> unit) (scenario: Scenario) : (string * obj) list =
        let byKey = Map.ofList scenario.Modules

        [
            for name, spec in entries "gradient_clippers" scenario.Json do
                let clip = Machines.clipper byKey[Json.text (Json.field "module" spec)] spec

                name,
                System.Action(fun () ->
                    before ()
                    clip.Invoke())
                :> obj
        ]

    let private schedulers (scenario: Scenario) : (string * obj) list =
        let byKey = Map.ofList scenario.Optimizers

        [
            for name, spec in entries "lr_schedulers" scenario.Json do
                name, Machines.scheduler byKey[Json.text (Json.field "optimizer" spec)] spec
        ]

    let private boxed (entries: (string * 'T) list) : Argument =
        Entries(entries |> List.map (fun (name, value) -> name, box value |> nonNull))

    // The arguments that only some scenarios have.
    let private optional (scenario: Scenario) : Arguments =
        [
            match Json.trySome "collate_fn" scenario.Json with
            | Some name -> "collate_fn", Function(Samples.collate (Json.text name))
            | None -> ()
            match Json.trySome "data_and_label_getter" scenario.Json with
            | Some name -> "data_and_label_getter", Function(Samples.getter (Json.text name))
            | None -> ()
            match Json.trySome "sampler" scenario.Json with
            | Some spec -> "sampler", Made(Replay.sampler spec)
            | None -> ()
            match Json.tryField "set_min_label_to_zero" (Json.field "trainer_args" scenario.Json) with
            | Some isSet when isSet.GetBoolean() -> "dataset_labels", Made scenario.DatasetLabels
            | _ -> ()
        ]

    /// What the trainer of a scenario is made of, but for the hooks.
    let arguments (clippers: (string * obj) list) (scenario: Scenario) : Arguments =
        [
            "models", boxed scenario.Models
            "optimizers", boxed scenario.Optimizers
            "loss_funcs", boxed scenario.LossFuncs
            "mining_funcs", Entries scenario.MiningFuncs
            "lr_schedulers", Entries(schedulers scenario)
            "gradient_clippers", Entries clippers
            "dataset", Made(MetricLearning.TrainingData.FromSamples scenario.Samples)
            "data_device", Made torch.CPU
            yield! Build.arguments (Json.field "trainer_args" scenario.Json)
            yield! optional scenario
        ]
