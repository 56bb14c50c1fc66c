module MetricLearning.Core.Tests.Evaluate.EvaluateTests

open Expecto

let tests =
    testList
        "evaluate"
        [
            NeighbourTests.tests
            ClusteringTests.tests
            AccuracyTests.tests
            TesterTests.tests
        ]
