module MetricLearning.Core.Tests.Program

open MetricLearning.Core.Tests.Support
open Expecto

[<Tests>]
let all =
    testList
        "core"
        [
            Data.FeedTests.tests
            Metric.MeasureTests.tests
            State.ScheduleTests.tests
            Optimizers.LearnTests.tests
            Trainers.TrainerTests.tests
            Evaluation.EvaluateTests.tests
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
