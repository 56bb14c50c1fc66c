module MetricLearning.Core.Tests.Program

open Expecto

[<Tests>]
let all =
    testList
        "core"
        [ Feed.FeedTests.tests
          Measure.MeasureTests.tests
          Schedules.ScheduleTests.tests
          Learn.LearnTests.tests
          Laws.LawTests.tests ]

[<EntryPoint>]
let main arguments = runTestsWithCLIArgs [] arguments all
