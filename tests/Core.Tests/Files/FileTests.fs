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
                BadSafetensors.tests
                ProgressTests.tests
                CheckpointTests.tests
                CheckpointRefusals.tests
                MutationTests.tests
                AutosaveTests.tests
                AutosaveMistakes.tests
                CheckpointLaw.tests
            ]
    )
