module MetricLearning.Core.Tests.Program

open Expecto

[<Tests>]
let all =
    testList
        "core"
        [
            Feed.FeedTests.tests
            Measure.MeasureTests.tests
            Schedules.ScheduleTests.tests
            Learn.LearnTests.tests
            Trainers.TrainerTests.tests
            Laws.LawTests.tests
            Pretrained.PretrainedTests.tests
            testList
                "docs"
                [
                    Docs.YourOwn.tests
                    Docs.Pages.tests
                    Docs.Guides.tests
                    Docs.Pretrained.tests
                ]
        ]

[<EntryPoint>]
let main arguments = runTestsWithCLIArgs [] arguments all
