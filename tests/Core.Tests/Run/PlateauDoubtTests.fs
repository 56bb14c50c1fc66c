/// A plateau schedule that is moved by a score which goes the other way than it waits for is said, once.
module MetricLearning.Core.Tests.Run.PlateauDoubtTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private key = "trunk_scheduler_by_plateau"

/// What a run with a schedule of this mode says in two epochs.
let private told (isTorchs: bool) (isMax: bool) (afterEpoch: Session -> unit) : string list =
    let trunk = SmallRuns.linear RunParts.features 3L

    let options =
        SmallRuns.optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", SmallRuns.adam ] (SmallRuns.data ())

    let schedule: AnySchedule =
        if isTorchs then
            let optimizer = torch.optim.Adam(trunk.parameters ())
            options.Optimizers.Trunk <- AnyOptimizer.Torch optimizer

            torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode = (if isMax then "max" else "min"))
            |> AnySchedule.Torch
        else
            Schedule.ReduceOnPlateau(if isMax then PlateauMode.Max else PlateauMode.Min)

    options.LrSchedulers <- LrSchedulers.Of [ key, schedule ]
    use session = SmallRuns.session options
    let heard = ResizeArray<string>()
    session.Warned <- Action<string>(heard.Add)

    for event in session.Train(None, 2, Threading.CancellationToken.None) do
        if event = Event.EpochEnded then
            afterEpoch session

    List.ofSeq heard

let private byHook (session: Session) =
    session.Expect("precision_at_1", PlateauMode.Max)
    session.Observe(0.5 + 0.1 * float session.Progress.Epoch)

let private byHooksLoss (session: Session) =
    session.Expect("validation_loss", PlateauMode.Min)
    session.Observe(0.5 + 0.1 * float session.Progress.Epoch)

let private byLoss (session: Session) =
    session.Observe(session.Progress.Losses[Keys.TotalLoss])

let private byMean (session: Session) =
    session.Observe((Progress.epochMeans session.Progress)["metric_loss"])

let private byOwnScore (session: Session) =
    session.Observe(0.5 + 0.1 * float session.Progress.Epoch)

let private ways: (string * (Session -> unit) * bool list) list =
    [
        "the hook's accuracy", byHook, [ false ]
        "the hook's loss", byHooksLoss, [ true ]
        "a loss", byLoss, [ true ]
        "the mean of a loss", byMean, [ true ]
        "a score of the user's", byOwnScore, []
    ]

let tests =
    testList
        "plateau schedules that wait for the other way"
        [
            for isTorchs in [ false; true ] do
                for isMax in [ false; true ] do
                    for name, afterEpoch, doubted in ways do
                        let whose = if isTorchs then "TorchSharp's" else "ours"
                        let mode = if isMax then "max" else "min"

                        testCase $"{whose}, {mode}, by {name}" (fun () ->
                            let told = told isTorchs isMax afterEpoch

                            if List.contains isMax doubted then
                                Expect.hasLength told 1 "once"

                                Expect.stringContains
                                    told.Head
                                    $"LrSchedulers[\"{key}\"] waits for its score to "
                                    "what"
                            else
                                Expect.isEmpty told "nothing")
        ]
