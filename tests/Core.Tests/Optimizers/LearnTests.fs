module MetricLearning.Core.Tests.Optimizers.LearnTests

open Expecto
open MetricLearning.Core.Tests.Support

let tests =
    testList
        "learn"
        [
            VectorTests.tests
            MagnitudeTests.tests
            BoundsTests.tests
            RuleTests.tests
            FlatUpdateTests.tests
            OptimizerTests.tests
            MirrorTests.tests
        ]
