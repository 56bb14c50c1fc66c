module MetricLearning.Core.Tests.Metric.MeasureTests

open Expecto
open MetricLearning.Core.Tests.Support

let tests =
    testList
        "measure"
        [
            TupleTests.tests
            DistanceTests.tests
            ReducerTests.tests
            RegularizerTests.tests
            MinerTests.tests
            MinerEdges.tests
            PoolMinerTests.tests
            RandomMinerTests.tests
            LossTests.tests
            LossProps.tests
            GradientByFormulaTests.tests
            MaskedPairTests.tests
            EveryPart.tests
            TakesTests.tests
            InputTests.tests
            LabelMaskTests.tests
            LabelComparisonTests.tests
            LabelMistakeTests.tests
            DoorTests.tests
            TwoCallsTests.tests
            TileTests.tests
            SharedTileTests.tests
            TileUseTests.tests
            MemoryTests.tests
            SeveralTests.tests
            StatefulTests.tests
            LossEdges.tests
            PairLossTests.tests
            RankedTripletTests.tests
            OwnTests.tests
            BigBatches.tests
            InOrderTests.tests
        ]
