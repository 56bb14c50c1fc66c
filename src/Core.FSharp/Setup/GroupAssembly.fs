namespace MetricLearning.Core

open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Laying out the parameters and buffers of a run in flat vectors.
module internal GroupAssembly =

    // Losses report whether they write into their weights. Embeddings with max_norm do so in the forward pass; TorchSharp
    // does not report whether one has it, so it is tried out on a copy of the weights that is far longer than any norm one would ask for.
    let private rewritesWeights (layer: nn.Module) : bool =
        match layer with
        | :? Modules.Embedding as embedding ->
            use _ = NewDisposeScope()
            use _ = no_grad ()
            let weight = embedding.weight |> nonNull
            let copy = torch.full_like (weight, Numeric.scalar 1e18)

            Effects.whileBoundTo copy weight (fun () ->
                embedding.call (torch.zeros (1L, dtype = ScalarType.Int64, device = weight.device))
                |> ignore)

            (copy.select(0, 0).ne(Numeric.scalar 1e18)).any().item<bool>()
        | layer ->
            match box layer with
            | :? Loss as loss -> loss.RewritesParameters
            | _ -> false

    // What a rule steps in 16 bits would often not move at all: a step is smaller than half of the last digit.
    let private layoutOf (keepsFull: bool) (isRewritten: bool) (shown: Layout) : Layout =
        if keepsFull && not isRewritten && Numeric.isHalf shown.Dtype then
            { shown with
                Dtype = ScalarType.Float32
            }
        else
            shown

    let private split
        (keepsFull: bool)
        (optimizer: string option)
        (group: int)
        (rewritten: HashSet<Modules.Parameter>)
        parameters
        =
        parameters
        |> Seq.groupBy (fun (_, parameter: Modules.Parameter) -> parameter.dtype, parameter.device.ToString())
        |> Seq.map (fun (_, named) ->
            let named = Seq.toArray named
            let parameters = Array.map snd named

            let isRewritten = Array.exists rewritten.Contains parameters

            let shown =
                Layout.ofTensors [| for name, parameter in named -> struct (name, parameter :> Tensor) |]

            let layout = layoutOf keepsFull isRewritten shown

            {
                Optimizer = optimizer
                Index = group
                Parameters = parameters
                Layout = layout
                Shown = shown
                Update = new FlatUpdate(layout)
                IsRewritten = isRewritten
            })

    /// Each optimizer's groups, then the parameters that no optimizer moves, those of followers by themselves. In another precision than that of the weights, those of 16
    /// bits are kept in 32.
    let groups
        (precision: Precision)
        (followers: Follower list)
        (handles: ModuleHandle list)
        (optimizers: (string * OptimizerHandle) list)
        : ParameterGroup[] =
        let keepsFull = (Autocast.dtypeOf precision).IsSome

        let taken = HashSet<Modules.Parameter>(HashIdentity.Reference)

        let rewritten =
            HashSet<Modules.Parameter>(
                seq {
                    for handle in handles do
                        for layer in handle.Modules do
                            if rewritesWeights layer then
                                yield! layer.parameters false
                },
                HashIdentity.Reference
            )

        let namedOf (handles: ModuleHandle list) =
            [
                for handle in handles do
                    for struct (name, parameter) in handle.Module.named_parameters () do
                        $"{handle.Key}.{name}", parameter
            ]

        let names = Dictionary<Modules.Parameter, string>(HashIdentity.Reference)

        for name, parameter in namedOf handles do
            names.TryAdd(parameter, name) |> ignore

        let nameOf (parameter: Modules.Parameter) =
            match names.TryGetValue parameter with
            | true, name -> name
            | _ -> "parameter"

        let untaken (parameters: (string * Modules.Parameter) list) =
            parameters
            |> Seq.filter (fun (_, parameter) -> taken.Add parameter)
            |> Seq.toList

        let ofOptimizers =
            [
                for key, handle in optimizers do
                    match handle with
                    | OptimizerHandle.Value optimizer ->
                        let owned =
                            handles
                            |> List.filter (fun handle -> Keys.optimizerOf handle.Key = key)
                            |> List.collect (fun handle ->
                                [
                                    for struct (name, parameter) in handle.Module.named_parameters () ->
                                        handle.Key, name, parameter
                                ])

                        for group in 0 .. optimizer.Groups.Length - 1 do
                            yield!
                                owned
                                |> List.filter (fun (_, name, _) -> optimizer.GroupOf name = group)
                                |> List.map (fun (owner, name, parameter) -> $"{owner}.{name}", parameter)
                                |> untaken
                                |> split keepsFull (Some key) group rewritten
                    | OptimizerHandle.Mirrored optimizer
                    | OptimizerHandle.Opaque optimizer ->
                        // What steps in place steps what modules show.
                        let keepsFull = keepsFull && TorchOptimizers.hasMirror optimizer

                        for group, parameters in Seq.indexed (TorchOptimizers.parameters optimizer) do
                            yield!
                                [ for parameter in parameters -> nameOf parameter, parameter ]
                                |> untaken
                                |> split keepsFull (Some key) group rewritten
            ]

        let following, others =
            handles
            |> List.partition (fun handle -> followers |> List.exists (fun follower -> follower.Network = handle.Key))

        let rest keepsFull (handles: ModuleHandle list) =
            namedOf handles |> untaken |> split keepsFull None 0 rewritten

        [|
            yield! ofOptimizers
            yield! rest false others
            yield! rest keepsFull following
        |]

    /// The registered buffers of all modules, one group for each dtype and device; in each, those of networks come first.
    let buffers (networks: ModuleHandle list) (losses: ModuleHandle list) : BufferGroup[] =
        let seen = HashSet<Tensor>(HashIdentity.Reference)

        let named (isOfNetwork: bool) (handles: ModuleHandle list) =
            [|
                for handle in handles do
                    for struct (name, buffer) in handle.Module.named_buffers () do
                        if not buffer.IsInvalid && seen.Add buffer then
                            struct ($"{handle.Key}.{name}", buffer, isOfNetwork)
            |]

        let ofNetworks = named true networks

        Array.append ofNetworks (named false losses)
        |> Array.groupBy (fun (struct (_, buffer, _)) -> buffer.dtype, buffer.device.ToString())
        |> Array.map (fun (_, named) ->
            let layout =
                Layout.ofTensors [| for struct (name, buffer, _) in named -> struct (name, buffer) |]

            {
                Buffers = [| for struct (_, buffer, _) in named -> buffer |]
                Layout = layout
                OfNetworks =
                    Array.zip named layout.Slots
                    |> Array.sumBy (fun (struct (_, _, isOfNetwork), slot) -> if isOfNetwork then slot.Padded else 0L)
            })
