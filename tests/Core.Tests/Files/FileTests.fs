module MetricLearning.Core.Tests.Files.FileTests

open Expecto
open MetricLearning.Core.Tests.Support

/// One after the other: libtorch's count of live tensors is one for the process.
let tests =
    testSequenced (
        testList
            "files"
            [
                DurableFileTests.tests
                SafetensorsTests.tests
                BadSafetensors.tests
                MetricLearning.Core.Tests.Run.ProgressTests.tests
                MetricLearning.Core.Tests.Run.CheckpointTests.tests
                MetricLearning.Core.Tests.Run.CheckpointRefusals.tests
                MetricLearning.Core.Tests.Run.CheckpointClassTests.tests
                MetricLearning.Core.Tests.Run.CheckpointAverageTests.tests
                MetricLearning.Core.Tests.Run.MutationTests.tests
                MetricLearning.Core.Tests.Run.AutosaveTests.tests
                MetricLearning.Core.Tests.Run.AutosaveMistakes.tests
                MetricLearning.Core.Tests.Run.CheckpointLaw.tests
            ]
    )
