module MetricLearning.Core.Tests.Trainers.TrainerTests

open Expecto

let tests =
    testList
        "trainers"
        [
            CascadeTests.tests
            StreamTests.tests
            SynthesisTests.tests
            PairwiseFormTests.tests
        ]
