/// Records of a run.
module MetricLearning.Core.Tests.Records.RecordingTests

open System.Collections.Generic
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations

let private collecting (loss: unit -> Loss) : Loss =
    Statistics.CollectByDefault <- true

    try
        loss ()
    finally
        Statistics.CollectByDefault <- false

/// A network with numbers of its own.
type private Telling() as this =
    inherit torch.nn.Module<torch.Tensor, torch.Tensor>("Telling")
    let layer = torch.nn.Linear(6L, 4L)
    do this.register_module ("layer", layer)
    override _.forward input = layer.call input

    interface IRecordable with
        member _.Recordables = Dictionary(dict [ "temperature", 0.5 ])

let private trained (loss: Loss) (miner: Miner) (iterations: int) : Session =
    let options =
        RunOptions(
            SmallRuns.optionsOf [ "trunk", new Telling() ] [ "trunk_optimizer", SmallRuns.adam ] (SmallRuns.data ()),
            LossFuncs = LossFuncs(MetricLoss = loss),
            MiningFuncs = MiningFuncs(TupleMiner = miner)
        )

    let session = SmallRuns.session options

    for _ in 1..iterations do
        SmallRuns.step session

    session

let private groupsOf (session: Session) =
    [
        for record in Recording.ofIteration session 0L -> record.Group, [ for series in record.Series -> series.Key ]
    ]

let private norms =
    [
        "final_avg_query_norm"
        "final_avg_ref_norm"
        "initial_avg_query_norm"
        "initial_avg_ref_norm"
    ]

let private documented =
    testCase "groups and series have the documented names" (fun () ->
        let loss = collecting (fun () -> new TripletMarginLoss())

        use session = trained loss (MultiSimilarityMiner()) 1

        Expect.equal
            [ for group, series in groupsOf session -> group, List.sort series ]
            [
                "loss_histories", [ "metric_loss"; "total_loss" ]
                "loss_weights", [ "metric_loss" ]
                "metric_loss_TripletMarginLoss", [ "loss" ]
                "metric_loss_TripletMarginLoss__modules_distance_LpDistance", norms
                "metric_loss_TripletMarginLoss__modules_reducer_AvgNonZeroReducer",
                [ "losses_size"; "num_above_low"; "num_below_high"; "num_past_filter" ]
                "tuple_miner_MultiSimilarityMiner", [ "num_neg_pairs"; "num_pos_pairs"; "num_triplets" ]
                "trunk_Telling", [ "temperature" ]
                "trunk_optimizer_Adam", [ "lr" ]
            ]
            "groups")

let private several =
    testCase "parts of parts are reached, weights and memories are not" (fun () ->
        let loss =
            collecting (fun () -> new MultipleLosses([ new ContrastiveLoss() :> Loss; new ArcFaceLoss(10, 4) ]))

        use session = trained loss (TripletMarginMiner()) 1

        let groups = List.map fst (groupsOf session)
        let terms = "metric_loss_MultipleLosses__modules_losses_ModuleList__modules_"

        for group in
            [
                terms + "0_ContrastiveLoss"
                terms + "0_ContrastiveLoss__modules_distance_LpDistance"
                terms
                + "0_ContrastiveLoss__modules_reducer_MultipleReducers__modules_reducers_ModuleDict__modules_pos_loss_AvgNonZeroReducer"
                terms + "1_ArcFaceLoss__modules_distance_CosineSimilarity"
                "tuple_miner_TripletMarginMiner"
            ] do
            Expect.contains groups group "a group"

        for record in Recording.ofIteration session 0L do
            for series in record.Series do
                match series.Value with
                | RecordValue.Number _ -> ()
                | other -> failtest $"{record.Group} has {series.Key} = {other}")

let private values =
    testCase "losses, weights and rates are those of the iteration" (fun () ->
        let loss = new TripletMarginLoss()

        use session = trained loss (MultiSimilarityMiner()) 3

        use keeper = new RecordKeeper(Seq.empty)
        keeper.Append(Recording.ofIteration session 2L)

        let last (group: string) (series: string) =
            (keeper.History(group, series)[series])[0]

        Expect.equal (last "loss_histories" "total_loss") session.Progress.Losses["total_loss"] "loss"
        Expect.equal (last "loss_weights" "metric_loss") 1.0 "weight"
        Expect.equal (last "trunk_optimizer_Adam" "lr") (Array.head session.Progress.Rates["trunk_optimizer"]) "rate"
        Expect.equal (last "loss_histories" "~iteration~") 2.0 "x")

let private unchanged =
    testCase "recording changes nothing and makes no tensor" (fun () ->
        let loss = collecting (fun () -> new TripletMarginLoss())

        use session = trained loss (MultiSimilarityMiner()) 2

        Recording.ofIteration session 0L |> ignore
        let progress = session.Progress

        withoutCollecting (fun () ->
            let before = torch.Tensor.TotalCount

            for x in 1L .. 5L do
                Recording.ofIteration session x |> ignore

            Expect.equal torch.Tensor.TotalCount before "tensors")

        Expect.isTrue (obj.ReferenceEquals(session.Progress, progress)) "progress")

// They switch the collection of statistics on for everybody, and count tensors.
let tests =
    testList "recording" [ documented; several; values; unchanged ] |> testSequenced
