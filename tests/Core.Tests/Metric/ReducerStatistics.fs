module MetricLearning.Core.Tests.Metric.ReducerStatistics

open System
open Expecto
open FsCheck
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.RandomBatches
open MetricLearning.Core.Tests.Support.Reduced

let statistics =
    testList
        "statistics"
        [
            test "how many values there are and how many pass the bounds" {
                let reducer = threshold (Nullable 0.0) (Nullable 2.0)
                reduceSamples reducer |> ignore

                Expect.equal
                    [ for entry in reducer.Stats -> entry.Key, entry.Value ]
                    [
                        "losses_size", 4.0
                        "num_past_filter", 1.0
                        "num_above_low", 2.0
                        "num_below_high", 0.0
                    ]
                    "statistics"
            }

            test "a copy has statistics of its own" {
                let reducer = threshold (Nullable 0.0) (Nullable())
                let copy = reducer.Copy()
                reduceSamples copy |> ignore
                Expect.equal copy.Stats["losses_size"] 4.0 "the copy's"
                Expect.isEmpty reducer.Stats "the original's"
            }
        ]
