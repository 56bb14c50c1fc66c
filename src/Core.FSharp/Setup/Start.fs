namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp
open type TorchSharp.torch

/// A run that is ready to start.
[<ReferenceEquality>]
type Prepared =
    {
        /// What it does.
        Recipe: Recipe
        /// Its machines.
        Handles: Handles
        /// Its first state.
        State: TrainingState
        /// What is probably not meant.
        Warnings: string list
    }

/// From ingredients without mistakes to machines and a first state.
module internal Start =

    /// Where batches are put.
    let chosenDevice (ingredients: Ingredients) =
        match ingredients.Device with
        | Some device -> device
        | None when torch.cuda_is_available () -> torch.CUDA
        | None -> torch.CPU

    let private isBatchNorm (layer: nn.Module) =
        layer.GetType().Name.Contains("BatchNorm", StringComparison.Ordinal)

    /// Every network and loss.
    let machines (ingredients: Ingredients) : Machine list =
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

    let private handles (schema: Schema) (ingredients: Ingredients) (source: Source) (order: Order) : Handles =
        let machines = machines ingredients

        let find key =
            machines |> List.find (fun machine -> machine.Key = key)

        let drivers = drivers ingredients
        let schedulers = schedulers ingredients
        let parts = Assembly.parts machines drivers
        let buffers = Assembly.buffers machines

        {
            Roster =
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
                            match Assembly.forward network with
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

    let private firstLearned (handles: Handles) : Learned =
        let parts =
            handles.Parts
            |> Array.map (fun part ->
                let weights =
                    Vector.ofTensors part.Layout (Array.map (fun parameter -> parameter :> Tensor) part.Parameters)

                let never: int64[] = Array.zeroCreate part.Parameters.Length

                let struct (slots, counts) =
                    match part.Optimizer with
                    | None -> struct ([||], never)
                    | Some key ->
                        match handles.Optimizers |> List.find (fst >> (=) key) |> snd with
                        | Driver.Pure optimizer ->
                            let struct (rule, _) = (Optimizer.groups optimizer)[part.Group]
                            struct ([| for slot in Rule.slots rule -> Vector.full part.Layout slot.Fill |], never)
                        | Driver.Twin optimizer ->
                            TorchOptimizers.takeOver optimizer part.Group part.Parameters part.Layout
                        | Driver.InPlace _ -> struct ([||], never)

                {
                    Weights = weights
                    Slots = slots
                    Counts = counts
                })

        new Learned(parts, [| for part in handles.Buffers -> Vector.ofTensors part.Layout part.Buffers |])

    let private firstProgress (ingredients: Ingredients) (schema: Schema) (handles: Handles) (seed: Seed) : Progress =
        let weights =
            match ingredients.LossWeights with
            | Some weights -> Map.ofList weights
            | None -> Map.ofList [ for term in terms schema ingredients -> term, 1.0 ]

        let start =
            Progress.start seed (Option.filter ((<) 0) ingredients.IterationsPerEpoch) weights Cursor.start

        ({ start with
            Rates = handles.InitialRates
         },
         handles.Schedulers)
        ||> List.fold (fun progress (key, _, scheduler) ->
            match scheduler with
            | Scheduler.Pure(schedule, optimizer) ->
                { progress with
                    Schedules = Map.add key (ScheduleState.initial schedule) progress.Schedules
                    Rates =
                        progress.Rates
                        |> Map.change
                            optimizer
                            (Option.map (ScheduleState.start schedule handles.InitialRates[optimizer]))
                }
            | Scheduler.Torch _ ->
                let never = { Count = 0; Scores = [] }
                handles.Shown.TorchSchedules <- Map.add key never handles.Shown.TorchSchedules

                { progress with
                    TorchSchedules = Map.add key never progress.TorchSchedules
                })

    let private drawSeed () =
        use draw = torch.randint (Int64.MaxValue, [| 1L |], dtype = ScalarType.Int64)
        draw.ToInt64()

    /// A run that is ready to start; from here on the modules show its weights.
    let start recipe ingredients (source: Source) (order: Order) (warnings: string list) : Prepared =
        let seed = Seed.ofInt64 (Option.defaultWith drawSeed ingredients.Seed)
        let handles = handles recipe.Schema ingredients source order
        let progress = firstProgress ingredients recipe.Schema handles seed
        let learned = firstLearned handles
        Effects.show handles learned
        Effects.rememberHead handles learned
        Effects.showRates handles progress.Rates

        {
            Recipe = recipe
            Handles = handles
            State =
                {
                    Progress = progress
                    Learned = learned
                }
            Warnings = warnings
        }
