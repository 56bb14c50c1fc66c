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
            Evaluate.EvaluateTests.tests
            Laws.LawTests.tests
            Records.RecordTests.tests
            Inference.InferenceTests.tests
            Files.FileTests.tests
            Pretrained.PretrainedTests.tests
            testList
                "docs"
                [
                    Docs.YourOwn.tests
                    Docs.Pages.tests
                    Docs.Guides.tests
                    Docs.Records.tests
                    Docs.Checkpoints.tests
                    Docs.Inference.tests
                    Docs.Pretrained.tests
                ]
        ]

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| Records.KillTests.Argument; folder; first |] -> Records.KillTests.child folder (int64 first)
    | _ -> runTestsWithCLIArgs [] arguments all
