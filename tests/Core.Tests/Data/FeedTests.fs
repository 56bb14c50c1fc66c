module MetricLearning.Core.Tests.Data.FeedTests

open Expecto
open MetricLearning.Core.Tests.Support

let tests =
    testList
        "feed"
        [
            SeedTests.tests
            SamplerTests.tests
            TripletSamplerTests.tests
            HierarchicalTests.tests
            BatchSamplerTests.tests
            OrderTests.tests
            OrderMistakes.tests
            LabelTests.tests
            CollateTests.tests
            SourceTests.tests
            SampleViewTests.tests
            LoaderTests.tests
            LoaderWaits.tests
            Pictures.DecodingTests.tests
            Pictures.AugmentationTests.tests
            Pictures.FolderTests.tests
            Pictures.TableTests.tests
            Pictures.SplitTests.tests
            Pictures.FormatTests.tests
            Pictures.SetTests.tests
        ]
