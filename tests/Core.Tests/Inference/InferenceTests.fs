module MetricLearning.Core.Tests.Inference.InferenceTests

open Expecto
open MetricLearning.Core.Tests.Support

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
                ConcurrencyTests.tests
                BrokenEmbeddingTests.tests
                BrokenModelTests.tests
                IndexTests.tests
                IndexLaw.tests
                IndexOverlap.tests
                ClassifyTests.tests
                ApproximateTests.tests
                SearchByHandTests.tests
            ]
    )
