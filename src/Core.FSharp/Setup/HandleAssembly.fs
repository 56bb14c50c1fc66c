namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch
open MetricLearning
open MetricLearning.Core

/// From options without mistakes to the handles of a run.
module internal HandleAssembly =

    /// The handle of a module.
    let moduleHandle (keptInEval: nn.Module -> bool) (key: string) (owner: nn.Module) : ModuleHandle =
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
    let lossFunction (handle: ModuleHandle) : LossFunction option =
        match box handle.Module with
        | :? Loss as loss ->
            Some
                {
                    Handle = handle
                    Compute =
                        fun embeddings labels tuples seed -> loss.Compute(embeddings, labels, tuples, null, null, seed)
                }
        | :? nn.IModule<Tensor, Tensor, Tensor> as plain ->
            Some
                {
                    Handle = handle
                    Compute = fun embeddings labels _ _ -> plain.call (embeddings, labels)
                }
        | _ -> None

    /// The device that batches are put on.
    let chosenDevice (ingredients: Ingredients) =
        match ingredients.Device with
        | Some device -> device
        | None when torch.cuda_is_available () -> torch.CUDA
        | None -> torch.CPU

    let private isBatchNorm (layer: nn.Module) =
        layer.GetType().Name.Contains("BatchNorm", StringComparison.Ordinal)

    /// Every network and loss.
    let all (ingredients: Ingredients) : ModuleHandle list =
        let kept =
            HashSet<nn.Module>(
                seq {
                    for key, network in ingredients.Models do
                        if ingredients.FreezeTrunkBatchnorm && key = Keys.Trunk then
                            network
                            yield! network.modules ()
                }
                |> Seq.filter isBatchNorm,
                HashIdentity.Reference
            )

        // A layer of the trunk stays one wherever else it is used.
        [
            for key, network in ingredients.Models do
                moduleHandle kept.Contains key network
            for key, loss in ingredients.Losses do
                moduleHandle kept.Contains key loss
        ]

    /// Every loss that is reported.
    let terms (schema: Schema) (ingredients: Ingredients) =
        List.map fst ingredients.Losses @ schema.ExtraLosses

    let private optimizers (ingredients: Ingredients) : (string * OptimizerHandle) list =
        [
            for key, choice in ingredients.Optimizers do
                key,
                match choice with
                | OptimizerChoice.Pure optimizer -> OptimizerHandle.Value optimizer
                | OptimizerChoice.Torch optimizer when TorchOptimizers.hasMirror optimizer ->
                    OptimizerHandle.Mirrored optimizer
                | OptimizerChoice.Torch optimizer -> OptimizerHandle.Opaque optimizer
        ]

    let private ratesOf (handle: OptimizerHandle) : float[] =
        match handle with
        | OptimizerHandle.Value optimizer -> [| for struct (_, rate) in optimizer.Groups -> rate |]
        | OptimizerHandle.Mirrored optimizer
        | OptimizerHandle.Opaque optimizer -> TorchOptimizers.rates optimizer

    let private schedulers (ingredients: Ingredients) : (string * Moves * Scheduler) list =
        [
            for key, choice in ingredients.Schedules do
                for moves in Keys.moves do
                    if key.EndsWith(Keys.schedulerOf "" moves, StringComparison.Ordinal) then
                        key,
                        moves,
                        match choice with
                        | ScheduleChoice.Pure schedule ->
                            Scheduler.Pure(schedule, ScheduleChecks.optimizerOf key moves schedule)
                        | ScheduleChoice.Torch scheduler -> Scheduler.Torch scheduler
        ]

    let private byKey (items: (string * 'Item) seq) : IReadOnlyDictionary<string, 'Item> =
        Dictionary(items |> Seq.map (fun (key, item) -> KeyValuePair(key, item)))

    /// The handles of a run.
    let handles (schema: Schema) (ingredients: Ingredients) (source: BatchSource) (order: DataOrder) : Handles =
        let modules = all ingredients

        let find key =
            modules |> List.find (fun handle -> handle.Key = key)

        let optimizers = optimizers ingredients
        let schedulers = schedulers ingredients
        let groups = GroupAssembly.groups modules optimizers
        let buffers = GroupAssembly.buffers modules

        {
            RunKeys =
                {
                    Networks = List.map fst ingredients.Models
                    Losses = List.map fst ingredients.Losses
                    Terms = terms schema ingredients
                    Optimizers = List.map fst ingredients.Optimizers
                    Schedules = [ for key, _, _ in schedulers -> key ]
                    Frozen = Set.ofList ingredients.Frozen
                }
            Networks =
                byKey
                    [
                        for key, network in ingredients.Models do
                            match TorchModules.forward network with
                            | Some forward -> key, { Handle = find key; Forward = forward }
                            | None -> ()
                    ]
            Losses =
                byKey
                    [
                        for key, _ in ingredients.Losses do
                            match lossFunction (find key) with
                            | Some loss -> key, loss
                            | None -> ()
                    ]
            TupleMiners =
                byKey
                    [
                        for key, choice in ingredients.Miners do
                            match choice with
                            | MinerChoice.Tuples miner -> key, miner
                            | _ -> ()
                    ]
            SubsetMiner =
                ingredients.Miners
                |> List.tryPick (function
                    | _, MinerChoice.Subset miner -> Some miner
                    | _ -> None)
                |> Option.toObj
            Optimizers = optimizers
            Schedulers = schedulers
            Clippers = ingredients.Clippers
            InitialRates = Map.ofList [ for key, handle in optimizers -> key, ratesOf handle ]
            Groups = groups
            Buffers = buffers
            Loader = new Loader(source, order, ingredients.Workers)
            Device = chosenDevice ingredients
            Dtype = ingredients.Dtype
            Binding = Binding(modules, groups, buffers, optimizers)
        }
