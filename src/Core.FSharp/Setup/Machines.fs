namespace MetricLearning.Core

open MetricLearning
open System
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch

/// From ingredients without mistakes to machines.
module internal Machines =

    /// Where batches are put.
    let chosenDevice (ingredients: Ingredients) =
        match ingredients.Device with
        | Some device -> device
        | None when torch.cuda_is_available () -> torch.CUDA
        | None -> torch.CPU

    let private isBatchNorm (layer: nn.Module) =
        layer.GetType().Name.Contains("BatchNorm", StringComparison.Ordinal)

    /// Every network and loss.
    let all (ingredients: Ingredients) : Machine list =
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
                Assembly.machine kept.Contains key network
            for key, loss in ingredients.Losses do
                Assembly.machine kept.Contains key loss
        ]

    /// Every loss that is reported.
    let terms (schema: Schema) (ingredients: Ingredients) =
        List.map fst ingredients.Losses @ schema.ExtraLosses

    let private drivers (ingredients: Ingredients) : (string * Driver) list =
        [
            for key, choice in ingredients.Optimizers do
                key,
                match choice with
                | OptimizerChoice.Pure optimizer -> Driver.Pure optimizer
                | OptimizerChoice.Torch optimizer when TorchOptimizers.hasTwin optimizer -> Driver.Twin optimizer
                | OptimizerChoice.Torch optimizer -> Driver.InPlace optimizer
        ]

    let private ratesOf (driver: Driver) : float[] =
        match driver with
        | Driver.Pure optimizer -> [| for struct (_, rate) in Optimizer.groups optimizer -> rate |]
        | Driver.Twin optimizer
        | Driver.InPlace optimizer -> TorchOptimizers.rates optimizer

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

    /// The machines of a run.
    let handles (schema: Schema) (ingredients: Ingredients) (source: BatchSource) (order: DataOrder) : Handles =
        let machines = all ingredients

        let find key =
            machines |> List.find (fun machine -> machine.Key = key)

        let drivers = drivers ingredients
        let schedulers = schedulers ingredients
        let parts = Assembly.parts machines drivers
        let buffers = Assembly.buffers machines

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
                            | Some forward ->
                                key,
                                {
                                    Machine = find key
                                    Forward = forward
                                }
                            | None -> ()
                    ]
            Losses =
                byKey
                    [
                        for key, _ in ingredients.Losses do
                            match Assembly.lossFunction (find key) with
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
            Optimizers = drivers
            Schedulers = schedulers
            Clippers = ingredients.Clippers
            InitialRates = Map.ofList [ for key, driver in drivers -> key, ratesOf driver ]
            Parts = parts
            Buffers = buffers
            Loader = new Loader(source, order, ingredients.Workers)
            Device = chosenDevice ingredients
            Dtype = ingredients.Dtype
            Shown = Shown(parts.Length, buffers.Length)
            FoundTraining =
                [|
                    for machine in machines do
                        for layer in machine.Modules do
                            layer, layer.training
                |]
        }
