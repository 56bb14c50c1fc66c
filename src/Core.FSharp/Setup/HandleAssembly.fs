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
            // A recipe of the user's gives labels to every loss; one of views takes none.
            let taken (labels: Tensor) : Tensor | null =
                if loss.TakesLabels then labels else null

            let against (mined: Mined) references (refLabels: Tensor) seed =
                match loss with
                | :? CrossBatchMemory as memory when mined.Tuples.IsAll ->
                    memory.ComputeQueries(mined.Embeddings, mined.Labels, references, refLabels, seed)
                | _ ->
                    loss.Compute(mined.Embeddings, taken mined.Labels, mined.Tuples, references, taken refLabels, seed)

            Some
                {
                    Handle = handle
                    Compute =
                        fun mined seed -> loss.ComputeChosen(mined.Embeddings, taken mined.Labels, mined.Choice, seed)
                    Against = Some against
                }
        | :? nn.IModule<Tensor, Tensor, Tensor> as plain ->
            Some
                {
                    Handle = handle
                    Compute = fun mined _ -> plain.call (mined.Embeddings, mined.Labels)
                    Against = None
                }
        | _ -> None

    /// The device that batches are put on.
    let chosenDevice (options: RunOptions) =
        match options.DataDevice with
        | null when torch.cuda_is_available () -> torch.CUDA
        | null -> torch.CPU
        | device -> device

    /// The processes that train together.
    let chosenProcesses (options: RunOptions) : Processes =
        match options.Processes with
        | null -> Processes.Alone
        | processes -> processes

    let private isBatchNorm (layer: nn.Module) =
        layer.GetType().Name.Contains("BatchNorm", StringComparison.Ordinal)

    /// Every network and loss.
    let all (options: RunOptions) : ModuleHandle list =
        let kept =
            HashSet<nn.Module>(
                seq {
                    for key, network in options.Models.Present do
                        if options.FreezeTrunkBatchnorm && key = Keys.Trunk then
                            network
                            yield! network.modules ()
                }
                |> Seq.filter isBatchNorm,
                HashIdentity.Reference
            )

        // A layer of the trunk stays one wherever else it is used.
        [
            for key, network in options.Models.Present do
                moduleHandle kept.Contains key network
            for key, loss in options.LossFuncs.Present do
                moduleHandle kept.Contains key loss
        ]

    /// Every loss that is reported.
    let terms (schema: Schema) (options: RunOptions) =
        List.map fst options.LossFuncs.Present @ schema.ExtraLosses

    let private optimizers (options: RunOptions) : (string * OptimizerHandle) list =
        [
            for key, choice in options.Optimizers.Present do
                key,
                match choice with
                | ValueOptimizer optimizer -> OptimizerHandle.Value optimizer
                | TorchOptimizer optimizer when TorchOptimizers.hasMirror optimizer ->
                    OptimizerHandle.Mirrored optimizer
                | TorchOptimizer optimizer -> OptimizerHandle.Opaque optimizer
        ]

    let private ratesOf (handle: OptimizerHandle) : float[] =
        match handle with
        | OptimizerHandle.Value optimizer -> [| for struct (_, rate) in optimizer.Groups -> rate |]
        | OptimizerHandle.Mirrored optimizer
        | OptimizerHandle.Opaque optimizer -> TorchOptimizers.rates optimizer

    let private schedulers (options: RunOptions) : (string * Moves * Scheduler) list =
        [
            for key, moves, choice in ScheduleChecks.each options do
                key,
                moves,
                match choice with
                | ValueSchedule schedule -> Scheduler.Pure(schedule, ScheduleChecks.optimizerOf key moves schedule)
                | TorchSchedule scheduler -> Scheduler.Torch scheduler
        ]

    let private byKey (items: (string * 'Item) seq) : IReadOnlyDictionary<string, 'Item> =
        Dictionary(items |> Seq.map (fun (key, item) -> KeyValuePair(key, item)))

    /// The handles of a run.
    let handles (schema: Schema) (options: RunOptions) (source: BatchSource) (order: DataOrder) : Handles =
        let device = chosenDevice options
        let processes = chosenProcesses options

        // Before their buffers are laid out: later, the memory of a loss is part of the state.
        for _, loss in options.LossFuncs.Present do
            match box loss with
            | :? Loss as loss -> LossMemory.move device loss
            | _ -> ()

        let modules = all options

        let find key =
            modules |> List.find (fun handle -> handle.Key = key)

        let followers =
            schema.Followers
            |> List.filter (fun follower -> List.exists (fst >> (=) follower.Network) options.Models.Present)

        let optimizers = optimizers options
        let schedulers = schedulers options
        let groups = GroupAssembly.groups options.Precision followers modules optimizers

        let buffers =
            modules
            |> List.splitAt (List.length options.Models.Present)
            ||> GroupAssembly.buffers

        {
            RunKeys =
                {
                    Networks = List.map fst options.Models.Present
                    Losses = List.map fst options.LossFuncs.Present
                    Terms = terms schema options
                    Optimizers = List.map fst options.Optimizers.Present
                    Schedules = [ for key, _, _ in schedulers -> key ]
                    Frozen = Set.ofList (options.Frozen @ List.map _.Network followers)
                }
            Networks =
                byKey
                    [
                        for key, network in options.Models.Present do
                            match TorchModules.forward network with
                            | Some forward ->
                                key,
                                {
                                    Handle = find key
                                    Forward = Autocast.through options.Precision forward
                                }
                            | None -> ()
                    ]
            Losses =
                byKey
                    [
                        for key, _ in options.LossFuncs.Present do
                            match lossFunction (find key) with
                            | Some loss -> key, loss
                            | None -> ()
                    ]
            TupleMiners =
                byKey
                    [
                        for key, choice in options.MiningFuncs.Present do
                            match choice with
                            | :? Miner as miner -> key, miner
                            | _ -> ()
                    ]
            SubsetMiner = options.MiningFuncs.SubsetBatchMiner
            Optimizers = optimizers
            Schedulers = schedulers
            Clippers = options.GradientClippers.Present
            InitialRates = Map.ofList [ for key, handle in optimizers -> key, ratesOf handle ]
            Groups = groups
            Buffers = buffers
            Loader = new Loader(source, order, options.DataloaderNumWorkers, processes.Rank, processes.Count)
            Processes = processes
            MicroBatchSize = Option.ofNullable options.MicroBatchSize
            Device = device
            Dtype = Option.ofNullable options.Dtype
            Precision = options.Precision
            IsDeterministic = options.Deterministic
            Followers = followers
            Following = FollowerAssembly.ofWeights groups modules followers
            FollowingBuffers = FollowerAssembly.ofBuffers buffers modules followers
            Averaging = Option.ofObj options.WeightAveraging
            Binding = Binding(modules, groups, buffers, optimizers)
        }
