module MetricLearning.Core.Tests.Records.RecordTests

open MetricLearning.Core.Tests.Support
open Expecto

let tests =
    testList
        "records"
        [
            WriterTests.tests
            FileTests.tests
            KillTests.tests
            KeeperTests.tests
            BestTests.tests
            RecordingTests.tests
            ModelFolderTests.tests
        ]
