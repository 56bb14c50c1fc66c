/// The scale of the loss as a function of the steps that were skipped.
module MetricLearning.Core.Tests.Trainers.LossScaleRule

open Expecto
open FsCheck
open FsCheck.FSharp
open MetricLearning.Core

// Written another way: the factor as a power, by the whole history.
let private byHand (history: bool list) : LossScale =
    let mutable power, good = 16, 0

    for isSkipped in history do
        if isSkipped then
            power <- max 0 (power - 1)
            good <- 0
        else
            good <- good + 1

            if good = 2000 then
                power <- min 24 (power + 1)
                good <- 0

    {
        Factor = 2.0 ** float power
        GoodSteps = good
    }

let tests =
    let histories =
        gen {
            let! runs =
                Gen.listOf (Gen.zip (Gen.elements [ 1; 2; 700; 1999; 2000; 4001 ]) (Gen.elements [ 0; 1; 3; 20 ]))

            return
                [
                    for good, bad in List.truncate 12 runs do
                        yield! List.replicate good false @ List.replicate bad true
                ]
        }

    testPropertyWithConfig { Checked.config with maxTest = 60 } "the scale follows its history"
    <| Prop.forAll (Arb.fromGen histories) (fun history ->
        let found =
            (LossScale.start, history)
            ||> List.fold (fun scale isSkipped -> LossScale.after isSkipped scale)

        Expect.equal found (byHand history) "after it")
