/// Every loss in every trainer, with every miner and without: it trains, or construction refuses it with advice that can be
/// followed there.
module MetricLearning.Core.Tests.Trainers.CombinationTests

open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.RandomBatches

/// A trainer, the keys of its loss and miner, and what it needs besides these.
type private Seat =
    {
        Recipe: Recipe
        Loss: string
        Miner: string
        Further: RunOptions -> unit
        Streams: int
        /// Losses without labels compare one view with the other.
        TakesViews: bool
    }

let private labels () =
    vector (EveryPart.packagedLabels @ EveryPart.packagedLabels)

let private withClassifier (options: RunOptions) =
    options.Models.Add(Keys.Classifier, torch.nn.Linear(5L, 4L))
    options.LossFuncs.Add(Keys.ClassifierLoss, torch.nn.CrossEntropyLoss())

let private withGenerator (options: RunOptions) =
    options.Models.Add(Keys.Generator, torch.nn.Linear(15L, 5L))
    options.LossFuncs.Add(Keys.GeneratorAdversarialLoss, new TripletMarginLoss())

let private adversarial =
    DeepAdversarialMetricLearning.recipe
        { DeepAdversarialMetricLearning.defaults with
            TripletsPerAnchor = System.Nullable 1
        }

let private seats =
    let seat recipe loss miner further streams =
        {
            TakesViews = false
            Recipe = recipe
            Loss = loss
            Miner = miner
            Further = further
            Streams = streams
        }

    [
        seat MetricLossOnly.recipe Keys.MetricLoss Keys.TupleMiner ignore 1
        seat TwoStreamMetricLoss.recipe Keys.MetricLoss Keys.TupleMiner ignore 2
        seat TrainWithClassifier.recipe Keys.MetricLoss Keys.TupleMiner withClassifier 1
        seat (CascadedEmbeddings.recipe [ 5 ]) "metric_loss_0" "tuple_miner_0" ignore 1
        seat
            adversarial
            Keys.SynthLoss
            Keys.TupleMiner
            (fun options ->
                withGenerator options
                options.LossFuncs.Add(Keys.MetricLoss, new ContrastiveLoss()))
            1
        { seat MultiViewMetricLoss.recipe Keys.MetricLoss Keys.TupleMiner ignore 2 with
            TakesViews = true
        }
    ]

let private options (seat: Seat) (loss: torch.nn.Module) (miner: Miner option) =
    let rows () = (embeddings 3 24).``to`` torch.float32

    let options =
        RunOptions(
            Models = Models(Trunk = torch.nn.Linear(5L, 5L)),
            Optimizers = Optimizers.Of [ "trunk_optimizer", SmallRuns.adam :> AnyOptimizer ],
            LossFuncs = LossFuncs.Of [ seat.Loss, loss ],
            MiningFuncs =
                MiningFuncs.Of
                    [
                        match miner with
                        | Some miner -> seat.Miner, miner :> obj
                        | None -> ()
                    ],
            BatchSize = 12,
            DataloaderNumWorkers = 0,
            Seed = System.Nullable 1L,
            Dataset =
                (if seat.Streams = 1 then
                     TrainingData.FromTensors(rows (), labels ())
                 else
                     TrainingData.FromTensors([ rows (); rows () + 0.1 ], labels ()))
        )

    seat.Further options
    options

/// The mistakes that construction finds; None if it finds none, and then an iteration has been trained.
let private outcome (seat: Seat) (loss: torch.nn.Module) (miner: Miner option) : string list option =
    use _ = torch.NewDisposeScope()

    try
        use session = Session.Start(Setup.prepare seat.Recipe (options seat loss miner))
        SmallRuns.step session
        None
    with :? SetupException as error ->
        Some(List.ofSeq error.Mistakes)

let private isFit (seat: Seat) (loss: Loss) (hasMiner: bool) =
    let isGiven =
        hasMiner && seat.Loss <> Keys.SynthLoss
        || seat.Streams = 2 && not seat.TakesViews
        || seat.Loss = Keys.SynthLoss

    (loss.TakesLabels || seat.TakesViews && loss.TakesReferences)
    && (loss.TakesTuples || not isGiven)

let private row (seat: Seat) (name: string, make: unit -> Loss) =
    test $"{name} in {seat.Recipe.Schema.Trainer}" {
        for miner in None :: List.map Some EveryPart.miners do
            use loss = make ()
            let minerName = Option.map fst miner
            let found = outcome seat loss (miner |> Option.map (fun (_, make) -> make ()))

            match found with
            | None -> Expect.isTrue (isFit seat loss miner.IsSome) $"with {minerName}: it trains"
            | Some messages ->
                Expect.isFalse (isFit seat loss miner.IsSome) $"with {minerName}: {messages}"
                Expect.hasLength messages 1 $"with {minerName}: {messages}"
                Expect.stringContains messages[0] $"LossFuncs[\"{seat.Loss}\"] is a {name}" "the loss"
                let advised = messages[0].Contains "Leave out that miner"
                Expect.isFalse (advised && miner.IsNone) $"there is no miner to leave out: {messages[0]}"
    }

let tests =
    testList
        "combinations"
        [
            for seat in seats do
                for loss in EveryPart.losses do
                    row seat loss

            test "a module that never sees the miner's tuples is a warning" {
                let seat = seats.Head
                use _ = torch.NewDisposeScope()

                let plain =
                    { new torch.nn.Module<Tensor, Tensor, Tensor>("plain") with
                        override _.forward(embeddings, _) = embeddings.square().sum()
                    }

                let warnings miner =
                    (LossInputs.check
                        "MetricLossOnly"
                        [ seat.Loss, GivenTuples.Mined seat.Miner ]
                        (options seat plain miner))
                        .Warnings

                Expect.hasLength (warnings (Some(BatchHardMiner() :> Miner))) 1 "with a miner"
                Expect.isEmpty (warnings None) "without one"
            }
        ]
