module MetricLearning.Core.Tests.Program

open Expecto

[<Tests>]
let all = testList "core" [ Feed.FeedTests.tests; Schedules.ScheduleTests.tests; Learn.LearnTests.tests ]

[<EntryPoint>]
let main arguments = runTestsWithCLIArgs [] arguments all
