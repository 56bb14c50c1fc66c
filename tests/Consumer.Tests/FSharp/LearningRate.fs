/// The page about finding a learning rate.
module PictureShop.LearningRate

open System.IO
open Expecto
open MetricLearning
open MetricLearning.Core

let tests =
    testList
        "learning rate"
        [
            testCase "of a session" (fun () ->
                use session = Session.Start(SmallRun.prepare ())

                let curve = session.FindLearningRate()

                printfn $"{curve}"
                curve.Save "learning-rate.svg"

                File.Delete "learning-rate.svg"
                Expect.isGreaterThan curve.Points.Count 0 "points")
            testCase "of a run" (fun () ->
                let run = SmallRun.prepare ()
                use _ = Session.Start run
                let state = run.State

                let curve =
                    LearningRateSearches.Find(
                        run,
                        state,
                        LearningRateSearch(
                            Lowest = 1e-5,
                            Highest = 1.0,
                            Iterations = 200,
                            Optimizers = [| "trunk_optimizer" |]
                        )
                    )

                Expect.equal (List.ofSeq curve.Optimizers) [ "trunk_optimizer" ] "its name")
        ]
