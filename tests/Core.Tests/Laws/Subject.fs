namespace MetricLearning.Core.Tests.Laws

open System
open TorchSharp
open MetricLearning.Core
open MetricLearning.Core.Trainers

/// The places at which a run runs code of the user's.
[<RequireQualifiedAccess>]
type Place =
    | Sample
    | Collate
    | Getter
    | Forward
    | Embedder
    | Miner
    | SubsetMiner
    | Loss
    | Clipper

/// User code that does something untoward when told to. Set `OnVisit` to be called at each place.
type Trap() =
    member val OnVisit: Place -> unit = ignore with get, set
    /// What trapped losses multiply their values by.
    member val Scale = 1.0 with get, set
    member trap.Visit(place: Place) = trap.OnVisit place

/// A network that visits a place when it is done, so that batch norm has already written its statistics.
type TrappedNet(inner: torch.nn.Module<Tensor, Tensor>, trap: Trap, place: Place) as this =
    inherit torch.nn.Module<Tensor, Tensor>("TrappedNet")
    do this.register_module ("inner", inner)

    override _.forward input =
        let output = inner.call input
        trap.Visit place
        output

/// What the laws are said of: a trainer, and how to make its ingredients. Later trainers are one more of these.
type Subject =
    { Name: string
      Recipe: Recipe
      /// Fresh modules, optimizers and data: equal ones for equal settings.
      Ingredients: Settings -> Trap -> Ingredients }

module Subject =

    let private schedules (settings: Settings) (name: string) (optimizer: OptimizerChoice) =
        let byIteration, byEpoch, byPlateau =
            match optimizer with
            | OptimizerChoice.Torch optimizer when settings.TorchSchedulers ->
                let choice = ScheduleChoice.Torch

                choice (torch.optim.lr_scheduler.ExponentialLR (optimizer, 0.9)),
                choice (torch.optim.lr_scheduler.StepLR (optimizer, 2, 0.5)),
                choice (torch.optim.lr_scheduler.ReduceLROnPlateau (optimizer, patience = 0, factor = 0.5))
            | _ ->
                let plateau = { Schedule.plateauDefaults with Patience = 0L; Factor = 0.5 }

                ScheduleChoice.Pure(Schedule.cosine 9L 1e-4),
                ScheduleChoice.Pure(Schedule.step 2L 0.5),
                ScheduleChoice.Pure(Schedule.plateau plateau)

        [ match settings.Schedule with
          | ScheduleSetting.Constant -> ()
          | ScheduleSetting.ByIteration -> Moves.ByIteration, byIteration
          | ScheduleSetting.ByEpoch -> Moves.ByEpoch, byEpoch
          | ScheduleSetting.ByPlateau -> Moves.ByPlateau, byPlateau
          | ScheduleSetting.All ->
              Moves.ByIteration, byIteration
              Moves.ByEpoch, byEpoch
              Moves.ByPlateau, byPlateau ]
        |> List.map (fun (moves, schedule) -> Keys.schedulerOf name moves, schedule)

    // The trap's visits wrap what the user could have written.
    let private trapped (settings: Settings) (trap: Trap) (ingredients: Ingredients) : Ingredients =
        if settings.AsSamples then
            { ingredients with
                CollateFn =
                    Func<_, _>(fun samples ->
                        trap.Visit Place.Collate

                        let rows, labels =
                            samples |> Seq.cast<Tensor * int64> |> Seq.toArray |> Array.unzip

                        nonNull (box struct (torch.stack rows, torch.tensor labels)))
                DataAndLabelGetter =
                    Func<_, _>(fun batch ->
                        trap.Visit Place.Getter
                        let struct (data, labels) = unbox<struct (Tensor * Tensor)> batch
                        struct (nonNull (box data), nonNull (box labels))) }
        else
            ingredients

    let private trappedMiner (trap: Trap) (miner: Miner) : Miner =
        { new Miner() with
            override _.MineTuples input =
                trap.Visit Place.Miner
                miner.MineTuples input }

    let private metricLossOnlyIngredients (settings: Settings) (trap: Trap) : Ingredients =
        use users = torch.random.get_rng_state ()
        use _ = torch.manual_seed settings.Seed
        let middle = if settings.Embedder then 5L else Parts.size
        let trunk = new TrappedNet(Parts.net settings Parts.features middle, trap, Place.Forward)
        let loss = Parts.lossOf settings

        let models: (string * torch.nn.Module) list =
            [ Keys.Trunk, trunk :> torch.nn.Module
              if settings.Embedder then
                  Keys.Embedder, new TrappedNet(Parts.net settings 5L Parts.size, trap, Place.Embedder) ]

        let learns = Seq.isEmpty (loss.parameters ()) |> not

        let optimizers =
            [ for key, network in models do
                  Keys.optimizerOf key, Parts.optimizerFor settings network
              if learns then
                  Keys.optimizerOf Keys.MetricLoss,
                  OptimizerChoice.Pure(Optimizer.sgd 0.1 |> Optimizer.momentum 0.5) ]

        torch.random.set_rng_state users

        let frozen =
            [ yield []
              if settings.Embedder then
                  yield [ Keys.Embedder ]
                  yield [ Keys.Trunk ]
              if learns then
                  yield [ Keys.MetricLoss ] ]

        { Ingredients.create
              models
              [ Keys.MetricLoss, loss ]
              []
              Parts.batchSize
              (Parts.dataset settings (fun _ -> trap.Visit Place.Sample)) with
            Miners =
                [ match Parts.minerOf settings with
                  | Some miner -> Keys.TupleMiner, MinerChoice.Tuples(trappedMiner trap miner)
                  | None -> ()
                  if settings.Subset then
                      Keys.SubsetBatchMiner,
                      MinerChoice.Subset(
                          Func<_, _, _>(fun embeddings labels ->
                              let chosen = Parts.subsetMiner.Invoke(embeddings, labels)
                              trap.Visit Place.SubsetMiner
                              chosen)
                      ) ]
            Optimizers = optimizers
            Sampler = Parts.sampling settings
            Schedules = schedules settings Keys.Trunk (snd optimizers[0])
            Clippers =
                [ if settings.Clip then
                      Keys.clipperOf Keys.Trunk,
                      Action(fun () ->
                          torch.nn.utils.clip_grad_norm_ (trunk.parameters (), 0.5) |> ignore
                          trap.Visit Place.Clipper) ]
            IterationsPerEpoch = settings.IterationsPerEpoch
            Frozen = frozen[settings.Freeze % frozen.Length]
            FreezeTrunkBatchnorm = settings.FreezeBatchnorm
            Workers = settings.Workers
            Seed = Some settings.Seed }
        |> trapped settings trap

    let metricLossOnly: Subject =
        { Name = "MetricLossOnly"
          Recipe = MetricLossOnly.recipe
          Ingredients = metricLossOnlyIngredients }

    /// The trainers that the laws are tested on.
    let all: Subject list = [ metricLossOnly ]

    /// A run over fresh machines.
    let prepare (subject: Subject) (settings: Settings) : Prepared =
        Setup.prepare subject.Recipe (subject.Ingredients settings (Trap()))

    /// A session over fresh machines.
    let start (subject: Subject) (settings: Settings) : Session = Session.Start(prepare subject settings)
