/// Law 8: all mistakes at once, and nothing of the caller's is written to.
module MetricLearning.Core.Tests.Laws.MistakesLaw

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

/// A mistake: how it is made, and what the message must say.
type private Mistake =
    {
        Name: string
        Make: RunOptions -> RunOptions
        Says: string
    }

let private mistake says name make =
    {
        Name = name
        Make = make
        Says = says
    }

let private schedule = Schedule.Step(3L, 0.5)

/// Mistakes that do not hide each other.
let private mistakes: Mistake list =
    [
        mistake "trunk2" "an unknown model" (fun made ->
            RunOptions(
                made,
                Models = Models.Of(made.Models.Present @ [ "trunk2", torch.nn.Identity() :> torch.nn.Module ])
            ))
        mistake "metric_loss_7" "an unknown loss" (fun made ->
            RunOptions(
                made,
                LossFuncs =
                    LossFuncs.Of(
                        made.LossFuncs.Present
                        @ [ "metric_loss_7", new TripletMarginLoss() :> torch.nn.Module ]
                    )
            ))
        mistake "trunk_optimiser" "an unknown optimizer" (fun made ->
            RunOptions(
                made,
                Optimizers = Optimizers.Of(made.Optimizers.Present @ [ "trunk_optimiser", PureOptimizer.SGD(0.1) ])
            ))
        mistake "trunk_scheduler_by_batch" "an unknown schedule" (fun made ->
            RunOptions(
                made,
                LrSchedulers = LrSchedulers.Of(made.LrSchedulers.Present @ [ "trunk_scheduler_by_batch", schedule ])
            ))
        mistake "trunk_clipper" "an unknown clipper" (fun made ->
            RunOptions(
                made,
                GradientClippers =
                    GradientClippers.Of(made.GradientClippers.Present @ [ "trunk_clipper", Action ignore ])
            ))
        mistake "FreezeThese has an entry \"head\"" "an unknown name to freeze" (fun made ->
            RunOptions(made, FreezeThese = "head" :: made.Frozen))
        mistake "LossWeights has an entry \"metric\"" "a weight of no loss" (fun made ->
            RunOptions(made, LossWeights = LossWeights.Of [ Keys.MetricLoss, 1.0; "metric", 1.0 ]))
        mistake "hard_miner" "an unknown miner" (fun made ->
            RunOptions(made, MiningFuncs = MiningFuncs.Of(made.MiningFuncs.Present @ [ "hard_miner", "hard" :> obj ])))
        mistake "IterationsPerEpoch is -2" "negative iterations" (fun made -> RunOptions(made, IterationsPerEpoch = -2))
        mistake "DataloaderNumWorkers is -1" "negative workers" (fun made ->
            RunOptions(made, DataloaderNumWorkers = -1))
        mistake "Dtype is Int64" "an integer dtype" (fun made -> RunOptions(made, Dtype = ScalarType.Int64))
        mistake "BatchSize is 0" "an empty batch" (fun made -> RunOptions(made, BatchSize = 0, Sampler = null))
        mistake "embedder_scheduler_by_epoch" "a plateau schedule by epoch" (fun made ->
            RunOptions(
                made,
                LrSchedulers =
                    LrSchedulers.Of(
                        made.LrSchedulers.Present
                        @ [ "embedder_scheduler_by_epoch", (Schedule.ReduceOnPlateau() :> AnySchedule) ]
                    )
            ))
    ]

/// What a caller could see of their modules.
let private seen (options: RunOptions) =
    [
        for key, machine in options.Models.Present @ options.LossFuncs.Present do
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

/// All mistakes of the options, by whatever prepares them.
let private allAreTold
    (told: Recipe -> RunOptions -> string list)
    (subject: Subject)
    (settings: Settings)
    (number: int)
    =
    let made = chosen number

    let options =
        (subject.Options settings (Trap()), made)
        ||> List.fold (fun options mistake -> mistake.Make options)

    let users = Snapshot.generator ()
    let before = seen options

    if not made.IsEmpty then
        let found = told subject.Recipe options

        for mistake in made do
            Expect.exists found _.Contains(mistake.Says) $"{mistake.Name} is among {found}"

        Expect.isGreaterThanOrEqual found.Length made.Length "one sentence for each"
        Expect.equal (Snapshot.generator ()) users "the user's stream"
        Expect.equal (seen options) before "the user's modules"

let private fromSetup (recipe: Recipe) (options: RunOptions) : string list =
    try
        Setup.prepare recipe options |> ignore
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
                    let options = mistake.Make(subject.Options settings (Trap()))
                    let found = fromSetup subject.Recipe options
                    Expect.exists found _.Contains(mistake.Says) $"{mistake.Name}: {found}")

            LawChecks.lawAt Settings.rich "construction changes no module" (fun subject settings ->
                let options = subject.Options settings (Trap())

                // What follows another network begins with its weights.
                let seen () =
                    seen options
                    |> List.filter (fun (name, _, _) ->
                        not (Subject.follows subject (name.Substring(0, name.IndexOf '.'))))

                let before = seen ()
                use _ = Session.Start(Setup.prepare subject.Recipe options)
                Expect.equal (seen ()) before "weights, modes and gradients")

            LawChecks.isFalsified "telling the first only" (fun () ->
                let first recipe options =
                    List.truncate 1 (fromSetup recipe options)

                allAreTold first Subject.metricLossOnly Settings.rich 4)
        ]
