namespace MetricLearning.Core

open MetricLearning
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch

/// From the user's modules and optimizers to machines and the layout of their weights.
module internal Assembly =

    /// A module as a machine.
    let machine (keptInEval: nn.Module -> bool) (key: string) (owner: nn.Module) : Machine =
        let modules = Array.append [| owner |] (Seq.toArray (owner.modules ()))

        {
            Key = key
            Module = owner
            Modules = modules
            KeptInEval = HashSet(Array.filter keptInEval modules, HashIdentity.Reference)
            Parameters =
                [|
                    for parameter in owner.parameters () do
                        struct (parameter, parameter.requires_grad)
                |]
        }

    /// A loss function from a `Loss` of the library or any module from (embeddings, labels) to a scalar.
    let lossFunction (machine: Machine) : LossFunction option =
        match box machine.Module with
        | :? Loss as loss ->
            Some
                {
                    Machine = machine
                    Compute =
                        fun embeddings labels tuples seed -> loss.Compute(embeddings, labels, tuples, null, null, seed)
                }
        | :? nn.IModule<Tensor, Tensor, Tensor> as plain ->
            Some
                {
                    Machine = machine
                    Compute = fun embeddings labels _ _ -> plain.call (embeddings, labels)
                }
        | _ -> None

    /// Losses say whether they write into their weights. Embeddings with max_norm do so in the forward pass; TorchSharp
    /// does not say whether one has it, so it is tried out on a copy of the weights that is far longer than any norm one would ask for.
    let private rewritesWeights (layer: nn.Module) : bool =
        match layer with
        | :? Modules.Embedding as embedding ->
            use _ = NewDisposeScope()
            use _ = no_grad ()
            let weight = embedding.weight |> nonNull
            let copy = torch.full_like (weight, 1e18.ToScalar())

            Effects.whileShowing copy weight (fun () ->
                embedding.call (torch.zeros (1L, dtype = ScalarType.Int64, device = weight.device))
                |> ignore)

            (copy.select(0, 0).ne(1e18.ToScalar())).any().ToBoolean()
        | layer ->
            match box layer with
            | :? Loss as loss -> loss.RewritesParameters
            | _ -> false

    let private split (optimizer: string option) (group: int) (rewritten: HashSet<Modules.Parameter>) parameters =
        parameters
        |> Seq.groupBy (fun (_, parameter: Modules.Parameter) -> parameter.dtype, parameter.device.ToString())
        |> Seq.map (fun (_, named) ->
            let named = Seq.toArray named
            let parameters = Array.map snd named

            let layout =
                Layout.ofTensors [| for name, parameter in named -> struct (name, parameter :> Tensor) |]

            {
                Optimizer = optimizer
                Group = group
                Parameters = parameters
                Layout = layout
                Update = new FlatUpdate(layout)
                IsRewritten = Array.exists rewritten.Contains parameters
            })

    /// The parts: each optimizer's groups, then what no optimizer moves.
    let parts (machines: Machine list) (optimizers: (string * Driver) list) : Part[] =
        let taken = HashSet<Modules.Parameter>(HashIdentity.Reference)

        let rewritten =
            HashSet<Modules.Parameter>(
                seq {
                    for machine in machines do
                        for layer in machine.Modules do
                            if rewritesWeights layer then
                                yield! layer.parameters false
                },
                HashIdentity.Reference
            )

        let named =
            [
                for machine in machines do
                    for struct (name, parameter) in machine.Module.named_parameters () do
                        $"{machine.Key}.{name}", parameter
            ]

        let names = Dictionary<Modules.Parameter, string>(HashIdentity.Reference)

        for name, parameter in named do
            names.TryAdd(parameter, name) |> ignore

        let nameOf (parameter: Modules.Parameter) =
            match names.TryGetValue parameter with
            | true, name -> name
            | _ -> "parameter"

        let untaken parameters =
            parameters
            |> Seq.filter (fun (_, parameter) -> taken.Add parameter)
            |> Seq.toList

        let ofOptimizers =
            [
                for key, driver in optimizers do
                    match driver with
                    | Driver.Pure optimizer ->
                        let owned =
                            machines
                            |> List.filter (fun machine -> Keys.optimizerOf machine.Key = key)
                            |> List.collect (fun machine ->
                                [
                                    for struct (name, parameter) in machine.Module.named_parameters () ->
                                        machine.Key, name, parameter
                                ])

                        let groupOf = Optimizer.groupOf optimizer

                        for group in 0 .. (Optimizer.groups optimizer).Length - 1 do
                            yield!
                                owned
                                |> List.filter (fun (_, name, _) -> groupOf name = group)
                                |> List.map (fun (machine, name, parameter) -> $"{machine}.{name}", parameter)
                                |> untaken
                                |> split (Some key) group rewritten
                    | Driver.Twin optimizer
                    | Driver.InPlace optimizer ->
                        for group, parameters in Seq.indexed (TorchOptimizers.parameters optimizer) do
                            yield!
                                [ for parameter in parameters -> nameOf parameter, parameter ]
                                |> untaken
                                |> split (Some key) group rewritten
            ]

        let rest = named |> untaken |> split None 0 rewritten
        Array.ofSeq (Seq.append ofOptimizers rest)

    /// The registered buffers of all machines, one part for each dtype and device.
    let buffers (machines: Machine list) : BufferPart[] =
        let seen = HashSet<Tensor>(HashIdentity.Reference)

        [|
            for machine in machines do
                for struct (name, buffer) in machine.Module.named_buffers () do
                    if not buffer.IsInvalid && seen.Add buffer then
                        $"{machine.Key}.{name}", buffer
        |]
        |> Array.groupBy (fun (_, buffer) -> buffer.dtype, buffer.device.ToString())
        |> Array.map (fun (_, named) ->
            {
                Buffers = Array.map snd named
                Layout = Layout.ofTensors [| for name, buffer in named -> struct (name, buffer) |]
            })
