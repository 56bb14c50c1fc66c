/// The best epoch, and patience: pure.
module MetricLearning.Core.Tests.Records.BestTests

open System
open System.Collections.Generic
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning

let private scores =
    Gen.listOf (Gen.elements [ 0.1; 0.5; 0.9; nan; infinity; -infinity ])
    |> Gen.map (List.mapi (fun index score -> struct (index + 1, score)))
    |> Arb.fromGen

let private property name (holds: struct (int * float) list -> bool) =
    testPropertyWithConfig { Checked.config with maxTest = 1000 } name (Prop.forAll scores holds)

let private best (scores: struct (int * float) seq) =
    BestEpoch.ofHistory PlateauMode.Max Set.empty scores

let private properties =
    [
        property "is the first of the largest numbers" (fun scores ->
            let numbers =
                scores |> List.filter (fun (struct (_, score)) -> not (Double.IsNaN score))

            match best scores with
            | ValueNone -> numbers.IsEmpty
            | ValueSome best ->
                let largest = numbers |> List.map (fun (struct (_, score)) -> score) |> List.max

                let struct (first, _) =
                    numbers |> List.find (fun (struct (_, score)) -> score = largest)

                best.Accuracy = largest && best.Epoch = first)

        property "epoch by epoch it is the same" (fun scores ->
            (ValueNone, scores)
            ||> List.fold (fun best (struct (epoch, score)) -> BestEpoch.observe PlateauMode.Max best epoch score)
            |> (=) (best scores))

        property "NaN is never better" (fun scores -> not (BestEpoch.isBetter PlateauMode.Max (best scores) nan))

        property "the smallest is what the largest of the negated is" (fun scores ->
            let negated =
                scores |> List.map (fun (struct (epoch, score)) -> struct (epoch, -score))

            match BestEpoch.ofHistory PlateauMode.Min Set.empty scores, best negated with
            | ValueNone, ValueNone -> true
            | ValueSome smallest, ValueSome largest ->
                smallest.Epoch = largest.Epoch && smallest.Accuracy = -largest.Accuracy
            | _ -> false)

        property "ignored epochs do not count" (fun scores ->
            let others = scores |> List.filter (fun (struct (epoch, _)) -> epoch <> 1)
            BestEpoch.ofHistory PlateauMode.Max (set [ 1 ]) scores = best others)
    ]

let private patience =
    testCase "patience of 1 with the best at epoch 1: 2 goes on, 3 stops" (fun () ->
        let best = ValueSome { Epoch = 1; Accuracy = 0.5 }
        Expect.isFalse (BestEpoch.isPatienceOver 1 best 1) "1"
        Expect.isFalse (BestEpoch.isPatienceOver 1 best 2) "2"
        Expect.isTrue (BestEpoch.isPatienceOver 1 best 3) "3"
        Expect.isFalse (BestEpoch.isPatienceOver 0 ValueNone 9) "none yet")

let private keys =
    testCase "the mean over levels decides, else the only level" (fun () ->
        let key = AccuracyKeys.tryKeyOf "recall"

        Expect.equal
            (key [ "recall_level0"; "recall_level1"; "AVERAGE_recall" ])
            (ValueSome "AVERAGE_recall")
            "several"

        Expect.equal (key [ "r_precision_level2"; "recall_level2" ]) (ValueSome "recall_level2") "one"
        Expect.equal (key [ "r_precision_level0" ]) ValueNone "none")

let private results (epoch: int) (score: float) =
    SplitResults(epoch, Dictionary(dict [ "score_level0", Accuracy score ]))

let private recorded =
    testCase "an epoch that is evaluated again is compared with those before it only" (fun () ->
        use keeper = new RecordKeeper(Seq.empty)
        let accuracies = AccuracyRecords(keeper, "score")

        let observe (epoch: int) (score: float) : bool =
            let results = results epoch score
            let verdict = accuracies.Judge("g", results)
            keeper.Append [ accuracies.RecordOf("g", results) ]
            verdict.IsNewBest

        Expect.isFalse (observe 1 nan) "NaN is no best"
        Expect.isTrue (observe 2 0.5) "the first number"
        Expect.isTrue (observe 3 0.9) "a larger one"
        Expect.isTrue (observe 3 0.9) "the same epoch again"
        Expect.isFalse (observe 3 0.5) "no larger than before"
        let history = keeper.History "g"
        Expect.sequenceEqual history["epoch"] [ 1.0; 2.0; 3.0 ] "epochs"
        Expect.sequenceEqual (Seq.tail history["best_epoch"]) [ 2.0; 2.0 ] "best epochs"
        Expect.sequenceEqual (Seq.tail history["best_accuracy"]) [ 0.5; 0.5 ] "best scores"
        Expect.isTrue (Double.IsNaN(Seq.head history["best_accuracy"])) "none yet"

        Expect.equal (accuracies.Best("g", null)) (Nullable { Epoch = 2; Accuracy = 0.5 }) "the best of all"

        Expect.equal (accuracies.Best("g", [| 2 |])) (Nullable { Epoch = 3; Accuracy = 0.5 }) "without an epoch"

        Expect.equal (accuracies.Best("h", null)) (Nullable()) "no such group")

let private byClass =
    testCase "numbers by class are a list, and the metric is their mean" (fun () ->
        use keeper = new RecordKeeper(Seq.empty)
        let classes = [| ClassAccuracy("0", 0.25); ClassAccuracy("1", 0.75) |]

        let results =
            SplitResults(1, Dictionary(dict [ "score_level0", Accuracy(0.5, classes) ]))

        let record = AccuracyRecords(keeper, "score").RecordOf("g", results)
        let values = dict [ for series in record.Series -> series.Key, series.Value ]
        Expect.equal values["score_level0"] (RecordValue.Number 0.5) "mean"
        Expect.equal values["best_accuracy"] (RecordValue.Number 0.5) "best"

        match values["score_level0_by_class"] with
        | RecordValue.Vector numbers -> Expect.sequenceEqual numbers [ 0.25; 0.75 ] "classes"
        | other -> failtest $"{other} is no list")

let tests = testList "best" (properties @ [ patience; keys; recorded; byClass ])
