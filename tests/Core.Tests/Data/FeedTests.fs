module MetricLearning.Core.Tests.Data.FeedTests

open MetricLearning.Core.Tests.Support
open Expecto

let tests =
    testList
        "feed"
        [
            SeedTests.tests
            SamplerTests.tests
            TripletSamplerTests.tests
            HierarchicalTests.tests
            OrderTests.tests
            OrderMistakes.tests
            LabelTests.tests
            CollateTests.tests
            SourceTests.tests
            LoaderTests.tests
            LoaderWaits.tests
        ]
