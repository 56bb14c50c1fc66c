module MetricLearning.Core.Tests.Files.FileTests

open Expecto

/// One after the other: libtorch's count of live tensors is one for the process.
let tests =
    testSequenced (
        testList
            "files"
            [
                DurableFileTests.tests
                SafetensorsTests.tests
                ProgressTests.tests
                CheckpointTests.tests
                MutationTests.tests
                AutosaveTests.tests
                CheckpointLaw.tests
            ]
    )
