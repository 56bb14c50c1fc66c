namespace MetricLearning.Core.Tests.Support

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// What is a trainer's own among its options: all of it made by the settings.
type Cast =
    {
        Networks: (string * torch.nn.Module<Tensor, Tensor>) list
        Losses: (string * torch.nn.Module) list
        Miners: (string * obj) list
        Dataset: TrainingData
    }

/// From a trainer's own parts to options, with everything that is the same for all trainers.
module Casting =

    let private schedules (settings: Settings) (name: string) (optimizer: AnyOptimizer) =
        let byIteration, byEpoch, byPlateau =
            match optimizer with
            | TorchOptimizer optimizer when settings.TorchSchedulers ->
                let choice = AnySchedule.Torch

                choice (torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)),
                choice (torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)),
                choice (torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience = 0, factor = 0.5))
            | _ ->
                Schedule.Linear(0.5, totalIters = 2L).Then(Schedule.CosineAnnealing(9L, 1e-4)) :> AnySchedule,
                Schedule.Step(2L, 0.5) :> AnySchedule,
                Schedule.ReduceOnPlateau(factor = 0.5, patience = 0L) :> AnySchedule

        [
            match settings.Schedule with
            | ScheduleSetting.Constant -> ()
            | ScheduleSetting.ByIteration -> Moves.ByIteration, byIteration
            | ScheduleSetting.ByEpoch -> Moves.ByEpoch, byEpoch
            | ScheduleSetting.ByPlateau -> Moves.ByPlateau, byPlateau
            | ScheduleSetting.All ->
                Moves.ByIteration, byIteration
                Moves.ByEpoch, byEpoch
                Moves.ByPlateau, byPlateau
        ]
        |> List.map (fun (moves, schedule) -> Keys.schedulerOf name moves, schedule)

    // The trap's visits wrap what the user could have written.
    let private trapped (settings: Settings) (trap: Trap) (options: RunOptions) : RunOptions =
        let stacked (rows: Tensor seq) = torch.stack rows

        let collated (samples: obj seq) =
            match Seq.head samples with
            | :? (Tensor * int64) ->
                let rows, labels = samples |> Seq.cast<Tensor * int64> |> List.ofSeq |> List.unzip
                [| stacked rows |], labels
            | _ ->
                let rows, others, labels =
                    samples |> Seq.cast<Tensor * Tensor * int64> |> List.ofSeq |> List.unzip3

                [| stacked rows; stacked others |], labels

        if settings.AsSamples then
            RunOptions(
                options,
                CollateFn =
                    Func<_, _>(fun samples ->
                        trap.Visit Place.Collate
                        let data, labels = collated samples
                        nonNull (box struct (data, torch.tensor (List.toArray labels)))),
                DataAndLabelGetter =
                    Func<_, _>(fun batch ->
                        trap.Visit Place.Getter
                        let struct (data, labels) = unbox<struct (Tensor[] * Tensor)> batch
                        struct (nonNull (box data), nonNull (box labels)))
            )
        else
            options

    /// What may be frozen, one at a time: whatever leaves something to learn in every phase.
    let private freezable (needed: string list) (settings: Settings) networks (learning: string list) =
        let networks = List.map fst networks

        [
            []
            for key in networks @ learning do
                let isOfMetric = key = Keys.Trunk || key = Keys.Embedder

                if not (List.contains key needed) && (settings.Embedder || not isOfMetric) then
                    [ key ]
        ]

    let options (needed: string list) (make: Settings -> Trap -> Cast) (settings: Settings) (trap: Trap) : RunOptions =
        use users = torch.random.get_rng_state ()
        use _ = torch.manual_seed settings.Seed
        let cast = make settings trap

        let learning =
            [
                for key, loss in cast.Losses do
                    if not (Seq.isEmpty (loss.parameters ())) then
                        key
            ]

        // Those that follow others are not stepped.
        let stepped =
            cast.Networks
            |> List.filter (fun (key, _) -> key <> Keys.MomentumTrunk && key <> Keys.MomentumEmbedder)

        let networks =
            [
                for key, network in stepped -> key, RunOptimizers.optimizerFor settings network
            ]

        torch.random.set_rng_state users
        let frozen = freezable needed settings stepped learning

        // The first network, and the last where that is not the second: one for each of an adversary.
        let watched =
            match stepped with
            | first :: _ :: _ :: _ -> [ first; List.last stepped ]
            | few -> List.truncate 1 few

        RunOptions(
            Models = Models.Of [ for key, network in cast.Networks -> key, network ],
            LossFuncs = LossFuncs.Of(cast.Losses),
            BatchSize = RunParts.batchSize,
            MicroBatchSize = Option.toNullable settings.MicroBatchSize,
            Dataset = cast.Dataset,
            MiningFuncs = MiningFuncs.Of(cast.Miners),
            Optimizers =
                Optimizers.Of
                    [
                        for key, optimizer in networks do
                            Keys.optimizerOf key, optimizer
                        for key in learning do
                            Keys.optimizerOf key, PureOptimizer.SGD(0.1, momentum = 0.5)
                    ],
            Sampler = RunParts.sampling settings,
            LrSchedulers =
                LrSchedulers.Of
                    [
                        for key, _ in watched do
                            yield! schedules settings key (Map.find key (Map.ofList networks))
                    ],
            GradientClippers =
                GradientClippers.Of
                    [
                        if settings.Clip then
                            for key, network in watched do
                                Keys.clipperOf key,
                                Action(fun () ->
                                    torch.nn.utils.clip_grad_norm_ (network.parameters (), 0.5) |> ignore
                                    trap.Visit Place.Clipper)
                    ],
            IterationsPerEpoch = Option.toNullable settings.IterationsPerEpoch,
            FreezeThese = frozen[settings.Freeze % frozen.Length],
            FreezeTrunkBatchnorm = settings.FreezeBatchnorm,
            DataloaderNumWorkers = settings.Workers,
            WeightAveraging = RunParts.averagingOf settings,
            Precision = settings.Precision,
            Seed = settings.Seed
        )
        |> trapped settings trap
