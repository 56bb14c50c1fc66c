module MetricLearning.Core.Tests.Optimizers.LearnTests

open MetricLearning.Core.Tests.Support
open Expecto

let tests =
    testList
        "learn"
        [
            VectorTests.tests
            RuleTests.tests
            FlatUpdateTests.tests
            OptimizerTests.tests
            MirrorTests.tests
        ]
