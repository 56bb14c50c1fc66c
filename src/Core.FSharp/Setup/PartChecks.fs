namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning

/// Checks of modules, miners, optimizers and numbers in the options.
module internal PartChecks =

    let private shapeOf (tensor: Tensor) =
        tensor.ToString TensorStringStyle.Metadata

    let private isGone (owner: nn.Module) =
        TorchModules.isDisposed owner
        || owner.modules () |> Seq.exists TorchModules.isDisposed
        || owner.parameters () |> Seq.exists _.IsInvalid

    /// Networks: modules with a forward pass, alive, the trunk taking as many tensors as a sample has inputs.
    let networks (schema: Schema) (options: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                match options.Dataset with
                | TrainingData.Tensors(inputs, _) when inputs.Length % schema.Streams <> 0 ->
                    $"The dataset has {inputs.Length} input tensor(s); this trainer takes {schema.Streams} streams, so as many inputs for each: (anchor, positive or negative, label)."
                | _ -> ()

                for key, network in options.Models.Present do
                    match network with
                    | _ when isGone network -> $"Models[\"{key}\"] was disposed, or a part of it was; give it alive."
                    | _ when (TorchModules.forward network).IsNone ->
                        $"Models[\"{key}\"] is a {network.GetType().Name}, which has no forward pass from tensors to a tensor; use a torch.nn.Module<Tensor, Tensor> (two or three input tensors for data of several inputs)."
                    | _ ->
                        let given =
                            match options.Dataset with
                            | TrainingData.Tensors(inputs, _) when key = Keys.Trunk ->
                                Some(inputs.Length / schema.Streams)
                            | TrainingData.Samples _ when key = Keys.Trunk -> None
                            | _ -> Some 1

                        match TorchModules.arity network, given with
                        | Some wanted, Some given when wanted <> given && not schema.RoutesInputs ->
                            $"Models[\"{key}\"] takes {wanted} input tensor(s), but it is given {given}."
                        | _ -> ()
            ]

    /// Loss functions: ours, or modules from (embeddings, labels) to a scalar.
    let losses (options: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                for key, loss in options.LossFuncs.Present do
                    match box loss with
                    | _ when isGone loss -> $"LossFuncs[\"{key}\"] was disposed, or a part of it was; give it alive."
                    | :? Loss
                    | :? nn.IModule<Tensor, Tensor, Tensor> -> ()
                    | _ ->
                        $"LossFuncs[\"{key}\"] is a {loss.GetType().Name}; a loss function is a Loss of this library or a torch.nn.Module<Tensor, Tensor, Tensor> from (embeddings, labels) to a number."
            ]

    /// Miners under keys that fit their kind.
    let miners (options: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                for key, miner in options.MiningFuncs.Present do
                    match miner, key = Keys.SubsetBatchMiner with
                    | :? Miner, true ->
                        $"MiningFuncs[\"{key}\"] is a tuple miner; it belongs under \"{Keys.TupleMiner}\". A subset miner returns indices of samples."
                    | :? Func<Tensor, Tensor, Tensor>, false ->
                        $"MiningFuncs[\"{key}\"] is a subset miner; it belongs under \"{Keys.SubsetBatchMiner}\"."
                    | :? Miner, false
                    | :? Func<Tensor, Tensor, Tensor>, true -> ()
                    | _ ->
                        $"MiningFuncs[\"{key}\"] is a {miner.GetType().Name}; a miner is a Miner of this library or your own, or, under \"{Keys.SubsetBatchMiner}\", a Func<Tensor, Tensor, Tensor> from embeddings and labels to indices."
            ]

    let private moved (key: string) =
        $"Optimizers[\"{key}\"] holds a parameter that was disposed or replaced (to(dtype), to(device) and half() do that). Move modules first, then make their optimizers."

    /// Optimizers: none twice, no parameter in two of them, none without its parameters.
    let optimizers (options: RunOptions) : Diagnostics =
        let torchs =
            [
                for key, optimizer in options.Optimizers.Present do
                    match optimizer with
                    | TorchOptimizer optimizer -> key, optimizer
                    | ValueOptimizer _ -> ()
            ]

        let owners = Dictionary<Modules.Parameter, string>(HashIdentity.Reference)

        let takenTwice (key: string) (parameter: Modules.Parameter) =
            [
                if not (owners.TryAdd(parameter, key)) && owners[parameter] <> key then
                    $"A parameter of shape {shapeOf parameter} is in the optimizers \"{owners[parameter]}\" and \"{key}\"; it may be in one."
            ]

        Diagnostics.errors
            [
                for _, same in
                    torchs
                    |> List.groupBy (fun (_, optimizer) -> LanguagePrimitives.PhysicalHash optimizer, optimizer) do
                    if same.Length > 1 then
                        let keys = same |> List.map (fst >> sprintf "\"%s\"") |> String.concat " and "
                        $"One optimizer stands under the keys {keys}; one key decides when it steps."

                for key, optimizer in torchs do
                    if optimizer :? Modules.LBFGS then
                        $"Optimizers[\"{key}\"] is LBFGS, which computes the loss several times a step; a trainer computes it once. Use an optimizer that steps on a gradient, for example Adam."

                    if TorchOptimizers.isStale optimizer then
                        moved key

                    for parameter in Seq.concat (TorchOptimizers.parameters optimizer) do
                        if parameter.IsInvalid then
                            moved key
                        else
                            yield! takenTwice key parameter

                for key, optimizer in options.Optimizers.Present do
                    match optimizer with
                    | ValueOptimizer _ ->
                        for name, owner in options.Models.Present @ options.LossFuncs.Present do
                            if key = Keys.optimizerOf name && not (isNull (box owner)) then
                                for parameter in owner.parameters () do
                                    if not parameter.IsInvalid then
                                        yield! takenTwice key parameter
                    | TorchOptimizer _ -> ()
            ]
        |> fun diagnostics ->
            {
                Errors = List.distinct diagnostics.Errors
                Warnings =
                    [
                        for key, optimizer in torchs do
                            if not (TorchOptimizers.hasMirror optimizer) then
                                $"Optimizers[\"{key}\"] is {optimizer.GetType().Name}, which keeps its slots to itself: the run cannot be forked, rewound or saved. Optimizers without that limit: {TorchOptimizers.known}."
                    ]
            }

    /// Checkpoints: a folder and a time to save.
    let checkpoints (options: RunOptions) : Diagnostics =
        match options.Checkpoints with
        | null -> Diagnostics.none
        | checkpoints -> Diagnostics.errors checkpoints.Mistakes

    /// Numbers in their ranges.
    let numbers (options: RunOptions) : Diagnostics =
        Diagnostics.errors
            [
                if options.IterationsPerEpoch.GetValueOrDefault() < 0 then
                    $"IterationsPerEpoch is {options.IterationsPerEpoch}; it must be at least 1, or left out for one pass over the data."
                if options.MicroBatchSize.HasValue && options.MicroBatchSize.Value < 1 then
                    $"MicroBatchSize is {options.MicroBatchSize}; it must be at least 1, or null for the whole batch at once."
                if options.DataloaderNumWorkers < 0 then
                    $"DataloaderNumWorkers is {options.DataloaderNumWorkers}; it must be at least 0 (0 prepares batches on the caller's thread)."
                if options.Dtype.HasValue && not (torch.is_floating_point options.Dtype.Value) then
                    $"Dtype is {options.Dtype}; data can be converted to floating-point types only."
            ]
