module MetricLearning.Core.Tests.Trainers.TrainerTests

open MetricLearning.Core.Tests.Support
open Expecto

let tests =
    testList
        "trainers"
        [
            CascadeTests.tests
            StreamTests.tests
            SynthesisTests.tests
            PairwiseFormTests.tests
            HalvesTests.tests
            NameTests.tests
        ]
