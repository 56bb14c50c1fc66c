module MetricLearning.Core.Tests.Trainers.TrainerTests

open Expecto
open MetricLearning.Core.Tests.Support

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
            CombinationTests.tests
            PartErrorTests.tests
            ViewTests.tests
            MultiViewTests.tests
            MomentumTests.tests
            MomentumMistakes.tests
            SeveralLabelTests.tests
            SeveralLabelMistakes.tests
            ScheduledRunTests.tests
            testSequenced (
                testList
                    "in 16 bits"
                    [
                        PrecisionTests.tests
                        PrecisionMistakes.tests
                        LossScaleTests.tests
                        RoundedWeightTests.tests
                    ]
            )
        ]
