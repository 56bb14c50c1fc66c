/// Law 8: all mistakes at once, and nothing of the caller's is written to.
module MetricLearning.Core.Tests.Laws.MistakesLaw

open MetricLearning.Core.Tests.Support
open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// A mistake: how it is made, and what the message must say.
type private Mistake =
    {
        Name: string
        Make: Ingredients -> Ingredients
        Says: string
    }

let private mistake says name make =
    {
        Name = name
        Make = make
        Says = says
    }

let private schedule = ScheduleChoice.Pure(Schedule.Step(3L, 0.5))

/// Mistakes that do not hide each other.
let private mistakes: Mistake list =
    [
        mistake "trunk2" "an unknown model" (fun made ->
            { made with
                Models = made.Models @ [ "trunk2", torch.nn.Identity() :> torch.nn.Module ]
            })
        mistake "metric_loss_7" "an unknown loss" (fun made ->
            { made with
                Losses =
                    made.Losses
                    @ [
                        "metric_loss_7", TripletMargin.loss TripletMargin.defaults :> torch.nn.Module
                    ]
            })
        mistake "trunk_optimiser" "an unknown optimizer" (fun made ->
            { made with
                Optimizers =
                    made.Optimizers
                    @ [ "trunk_optimiser", OptimizerChoice.Pure(PureOptimizer.SGD(0.1)) ]
            })
        mistake "trunk_scheduler_by_batch" "an unknown schedule" (fun made ->
            { made with
                Schedules = made.Schedules @ [ "trunk_scheduler_by_batch", schedule ]
            })
        mistake "trunk_clipper" "an unknown clipper" (fun made ->
            { made with
                Clippers = made.Clippers @ [ "trunk_clipper", Action ignore ]
            })
        mistake "freeze_these has an entry \"head\"" "an unknown name to freeze" (fun made ->
            { made with
                Frozen = "head" :: made.Frozen
            })
        mistake "loss_weights has an entry \"metric\"" "a weight of no loss" (fun made ->
            { made with
                LossWeights = Some [ Keys.MetricLoss, 1.0; "metric", 1.0 ]
            })
        mistake "hard_miner" "an unknown miner" (fun made ->
            { made with
                Miners = made.Miners @ [ "hard_miner", MinerChoice.Unknown "String" ]
            })
        mistake "iterations_per_epoch is -2" "negative iterations" (fun made ->
            { made with
                IterationsPerEpoch = Some -2
            })
        mistake "dataloader_num_workers is -1" "negative workers" (fun made -> { made with Workers = -1 })
        mistake "dtype is Int64" "an integer dtype" (fun made ->
            { made with
                Dtype = Some ScalarType.Int64
            })
        mistake "batchSize is 0" "an empty batch" (fun made ->
            { made with
                BatchSize = 0
                Sampler = Sampling.Shuffled
            })
        mistake "embedder_scheduler_by_epoch" "a plateau schedule by epoch" (fun made ->
            { made with
                Schedules =
                    made.Schedules
                    @ [
                        "embedder_scheduler_by_epoch", ScheduleChoice.Pure(Schedule.ReduceOnPlateau())
                    ]
            })
    ]

/// What a caller could see of their modules.
let private seen (ingredients: Ingredients) =
    [
        for key, machine in ingredients.Models @ ingredients.Losses do
            for struct (name, parameter) in machine.named_parameters () do
                $"{key}.{name}", Snapshot.bitsOf parameter, parameter.requires_grad

            for struct (name, layer) in machine.named_modules () do
                $"{key}.{name}", "", layer.training
    ]

let private chosen (number: int) =
    mistakes
    |> List.indexed
    |> List.filter (fun (index, _) -> Seed.below 3L (int64 index) (Seed.ofInt64 (int64 number)) = 0L)
    |> List.map snd

/// All mistakes of the ingredients, by whatever prepares them.
let private allAreTold
    (told: Recipe -> Ingredients -> string list)
    (subject: Subject)
    (settings: Settings)
    (number: int)
    =
    let made = chosen number

    let ingredients =
        (subject.Ingredients settings (Trap()), made)
        ||> List.fold (fun ingredients mistake -> mistake.Make ingredients)

    let users = Snapshot.generator ()
    let before = seen ingredients

    if not made.IsEmpty then
        let found = told subject.Recipe ingredients

        for mistake in made do
            Expect.exists found _.Contains(mistake.Says) $"{mistake.Name} is among {found}"

        Expect.isGreaterThanOrEqual found.Length made.Length "one sentence for each"
        Expect.equal (Snapshot.generator ()) users "the user's stream"
        Expect.equal (seen ingredients) before "the user's modules"

let private fromSetup (recipe: Recipe) (ingredients: Ingredients) : string list =
    try
        Setup.prepare recipe ingredients |> ignore
        []
    with :? SetupException as error ->
        List.ofSeq error.Mistakes

let tests =
    testList
        "8 all mistakes at once"
        [
            LawChecks.law 60 "each is told, whatever the others" (allAreTold fromSetup)

            LawChecks.lawAt Settings.rich "each alone" (fun subject settings ->
                for mistake in mistakes do
                    let ingredients = mistake.Make(subject.Ingredients settings (Trap()))
                    let found = fromSetup subject.Recipe ingredients
                    Expect.exists found _.Contains(mistake.Says) $"{mistake.Name}: {found}")

            LawChecks.lawAt Settings.rich "construction changes no module" (fun subject settings ->
                let ingredients = subject.Ingredients settings (Trap())
                let before = seen ingredients
                use _ = Session.Start(Setup.prepare subject.Recipe ingredients)
                Expect.equal (seen ingredients) before "weights, modes and gradients")

            LawChecks.isFalsified "telling the first only" (fun () ->
                let first recipe ingredients =
                    List.truncate 1 (fromSetup recipe ingredients)

                allAreTold first Subject.metricLossOnly Settings.rich 4)
        ]
