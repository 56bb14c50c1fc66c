/// Which epoch was best, and patience: pure.
module MetricLearning.Core.Tests.Records.BestTests

open System
open System.Collections.Generic
open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning.Core.Records

let private scores =
    Gen.listOf (Gen.elements [ 0.1; 0.5; 0.9; nan; infinity; -infinity ])
    |> Gen.map (List.mapi (fun index score -> struct (index + 1, score)))
    |> Arb.fromGen

let private property name (holds: struct (int * float) list -> bool) =
    testPropertyWithConfig
        { FsCheckConfig.defaultConfig with
            maxTest = 1000
        }
        name
        (Prop.forAll scores holds)

let private best (scores: struct (int * float) seq) = Best.ofHistory Set.empty scores

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

                best.Score = largest && best.Epoch = first)

        property "epoch by epoch it is the same" (fun scores ->
            (ValueNone, scores)
            ||> List.fold (fun best (struct (epoch, score)) -> Best.observe best epoch score)
            |> (=) (best scores))

        property "NaN is never better" (fun scores -> not (Best.isBetter (best scores) nan))

        property "ignored epochs do not count" (fun scores ->
            let others = scores |> List.filter (fun (struct (epoch, _)) -> epoch <> 1)
            Best.ofHistory (set [ 1 ]) scores = best others)
    ]

let private patience =
    testCase "patience of 1 with the best at epoch 1: 2 goes on, 3 stops" (fun () ->
        let best = ValueSome { Epoch = 1; Score = 0.5 }
        Expect.isFalse (Best.isPatienceOver 1 best 1) "1"
        Expect.isFalse (Best.isPatienceOver 1 best 2) "2"
        Expect.isTrue (Best.isPatienceOver 1 best 3) "3"
        Expect.isFalse (Best.isPatienceOver 0 ValueNone 9) "none yet")

let private keys =
    testCase "the mean over levels decides, else the only level" (fun () ->
        let key = AccuracyRecords.keyOf "recall"
        Expect.equal (key [ "recall_level0"; "recall_level1"; "AVERAGE_recall" ]) "AVERAGE_recall" "several"
        Expect.equal (key [ "r_precision_level2"; "recall_level2" ]) "recall_level2" "one"
        Expect.throwsT<ArgumentException> (fun () -> key [ "r_precision_level0" ] |> ignore) "none")

let private recorded =
    testCase "an epoch that is evaluated again is compared with those before it only" (fun () ->
        use keeper = new RecordKeeper(Seq.empty)

        let observe (epoch: int) (score: float) =
            let before = AccuracyRecords.bestBefore keeper "g" "score" epoch
            let best = Best.observe before epoch score

            keeper.Append
                [
                    AccuracyRecords.record "g" epoch [ KeyValuePair("score", RecordValue.Number score) ] best
                ]

        observe 1 nan
        observe 2 0.5
        observe 3 0.9
        observe 3 0.4
        let history = keeper.History "g"
        Expect.sequenceEqual history["epoch"] [ 1.0; 2.0; 3.0 ] "epochs"
        Expect.sequenceEqual (Seq.tail history["best_epoch"]) [ 2.0; 2.0 ] "best epochs"
        Expect.sequenceEqual (Seq.tail history["best_accuracy"]) [ 0.5; 0.5 ] "best scores"
        Expect.isTrue (Double.IsNaN(Seq.head history["best_accuracy"])) "NaN is no best"

        Expect.equal
            (AccuracyRecords.best keeper "g" "score" [])
            (ValueSome { Epoch = 2; Score = 0.5 })
            "the best of all")

let tests = testList "best" (properties @ [ patience; keys; recorded ])
