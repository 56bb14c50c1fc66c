module MetricLearning.Core.Tests.Records.RecordTests

open Expecto
open MetricLearning.Core.Tests.Support

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
            ReportTests.tests
        ]
