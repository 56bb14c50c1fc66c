module MetricLearning.Core.Tests.Pretrained.PretrainedTests

open Expecto
open MetricLearning.Core.Tests.Support

/// One after the other: libtorch's count of live tensors and its generator are the process's.
let tests =
    testSequenced (
        testList
            "pretrained"
            [
                PickledTensorsTests.tests
                RefusedPickleTests.tests
                PickleMutationTests.tests
                WeightsTests.tests
                WeightMismatchTests.tests
                ScriptTrunkTests.tests
                ScriptModuleTests.tests
                FixtureFiles.tests
            ]
    )
