module MetricLearning.Core.Tests.Learn.LearnTests

open Expecto

let tests =
    testList
        "learn"
        [
            VectorTests.tests
            RuleTests.tests
            FlatUpdateTests.tests
            OptimizerTests.tests
            TwinTests.tests
        ]
