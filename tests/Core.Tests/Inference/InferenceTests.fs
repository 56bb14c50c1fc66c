module MetricLearning.Core.Tests.Inference.InferenceTests

open Expecto

let tests =
    testList
        "inference"
        [
            EmbeddingTests.tests
            MatchTests.tests
            CalibrationTests.tests
            ModelTests.tests
            FileTests.tests
            TrainingTests.tests
        ]
