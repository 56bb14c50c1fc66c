/// Keys that the trainer does not know are errors that list the ones it does.
module MetricLearning.Core.Tests.Trainers.NameTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private message (whole: Context -> Embedded -> Losses) : string =
    let recipe =
        Recipe.custom [ Keys.Trunk ] [ Keys.MetricLoss ] [] Embedding.embed whole

    let run =
        Setup.prepare
            recipe
            (SmallRuns.optionsOf
                [ Keys.Trunk, SmallRuns.linear RunParts.features 3L ]
                [ "trunk_optimizer", SmallRuns.adam ]
                (SmallRuns.data ()))

    use _ = Session.Start run

    try
        (Run.step run run.State).Dispose()
        ""
    with :? ArgumentException as error ->
        error.Message

let private refuses (name: string) (start: string) (whole: Context -> Embedded -> Losses) =
    testCase name (fun () -> Expect.stringStarts (message whole) start "the message")

let tests =
    testList
        "names that are none"
        [
            refuses "a loss" "There is no loss \"trunk_los\"; this run has \"metric_loss\"." (fun ctx ->
                Mining.all >> (Objective.metric ctx <+> Objective.metricAs "trunk_los" ctx))

            refuses "the only loss" "There is no loss \"trunk_los\"; this run has \"metric_loss\"." (fun ctx ->
                Mining.all >> Objective.metricAs "trunk_los" ctx)

            refuses
                "a head"
                "There is no network \"clasifier\"; this trainer knows \"trunk\". Add it to Models."
                (fun ctx ->
                    Mining.all
                    >> (Objective.metric ctx <+> Objective.headAs "clasifier" Keys.MetricLoss ctx))

            refuses
                "a miner"
                "There is no miner \"tuple_minr\"; this trainer knows \"subset_batch_miner\", \"tuple_miner\"."
                (fun ctx -> Mining.mineWith "tuple_minr" ctx >> Objective.metric ctx)

            testCase "what may be left out is no error" (fun () ->
                Expect.equal (message (fun ctx -> Mining.mine ctx >> Objective.metric ctx)) "" "a step")
        ]
