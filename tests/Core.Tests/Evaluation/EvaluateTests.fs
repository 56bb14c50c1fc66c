module MetricLearning.Core.Tests.Evaluation.EvaluateTests

open MetricLearning.Core.Tests.Support
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
