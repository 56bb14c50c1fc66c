module MetricLearning.Core.Tests.Inference.InferenceTests

open MetricLearning.Core.Tests.Support
open Expecto

/// One after the other: networks are made from libtorch's generator, which is one for the process.
let tests =
    testSequenced (
        testList
            "inference"
            [
                EmbeddingTests.tests
                StreamTests.tests
                MatchTests.tests
                CalibrationTests.tests
                ModelTests.tests
                SearchTests.tests
                FileTests.tests
                FileMistakeTests.tests
                TrainingTests.tests
            ]
    )
