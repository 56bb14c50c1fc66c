module MetricLearning.Core.Tests.Laws.LawTests

open Expecto
open MetricLearning.Core.Tests.Support

/// One after the other: libtorch's generator and its count of live tensors are one for the process.
let tests =
    testList
        "laws"
        [
            PureHalf.tests
            PhaseLaw.tests
            AdversarialPhases.tests
            EffectsBoundary.tests
            testSequenced (
                testList
                    "of tensors"
                    [
                        StepLaw.tests
                        MicroBatchLaw.tests
                        TileLaw.tests
                        MicroBatchParts.tests
                        MicroBatchRules.tests
                        MetricLearning.Core.Tests.Run.RunTests.tests
                        MetricLearning.Core.Tests.Run.SummaryTests.tests
                        MetricLearning.Core.Tests.Run.PairWatchTests.tests
                        MetricLearning.Core.Tests.Run.PlateauDoubtTests.tests
                        AverageLaw.tests
                        LearningRateLaw.tests
                        RepeatLaw.tests
                        DeterminismLaw.tests
                        DrawingLaw.tests
                        ResumeLaw.tests
                        ForkLaw.tests
                        LeakLaw.tests
                        CallsLaw.tests
                        FailureLaw.tests
                        FiniteLaw.tests
                        PartErrorLaw.tests
                        StepFailureLaw.tests
                        MistakesLaw.tests
                        FrozenLaw.tests
                        SharingRules.tests
                        OptimizerRules.tests
                        WeightRules.tests
                        TuplesToWeightsRules.tests
                        HardNegativeRules.tests
                        RewriteRules.tests
                        TorchRules.tests
                        UnreadableRules.tests
                    ]
            )
        ]
