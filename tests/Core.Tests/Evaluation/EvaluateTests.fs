module MetricLearning.Core.Tests.Evaluation.EvaluateTests

open Expecto
open MetricLearning.Core.Tests.Support

let tests =
    testList
        "evaluate"
        [
            NeighbourTests.tests
            NeighbourEdgeTests.tests
            HardNegativeTests.tests
            HardBatchTests.tests
            ClusteringTests.tests
            AccuracyTests.tests
            AccuracyEdgeTests.tests
            TesterTests.tests
            TesterOptionTests.tests
            TesterTraceTests.tests
            LabelNameTests.tests
            AdviceTests.tests
            SeveralLabelTests.tests
            CameraTests.tests
            CameraTesterTests.tests
        ]
