module MetricLearning.Core.Tests.Program

open Expecto
open TorchSharp
open MetricLearning.Core.Tests.Support

let private fromSeed (code: TestCode) : TestCode =
    let start () = torch.manual_seed 1L |> ignore

    match code with
    | Sync test -> Sync(start >> test)
    | SyncWithCancel test ->
        SyncWithCancel(fun token ->
            start ()
            test token)
    | Async test ->
        Async(
            async {
                start ()
                return! test
            }
        )
    | AsyncFsCheck(config, stress, test) ->
        AsyncFsCheck(
            config,
            stress,
            fun config ->
                async {
                    start ()
                    return! test config
                }
        )

/// Tests that run alone find libtorch's generator at the same place, whatever ran before them: networks that have no seed of
/// their own start alike in every run.
let rec private seeded (isAlone: bool) (test: Test) : Test =
    match test with
    | TestCase(code, state) when isAlone -> TestCase(fromSeed code, state)
    | TestCase _ -> test
    | TestList(tests, state) -> TestList(List.map (seeded isAlone) tests, state)
    | TestLabel(label, test, state) -> TestLabel(label, seeded isAlone test, state)
    | Test.Sequenced(method, test) -> Test.Sequenced(method, seeded (isAlone || method = Synchronous) test)

[<Tests>]
let all =
    testList
        "core"
        [
            Data.FeedTests.tests
            Data.OneHotTests.tests
            Metric.MeasureTests.tests
            State.KeptScalarTests.tests
            State.TensorMemoryTests.tests
            State.ScheduleTests.tests
            Optimizers.LearnTests.tests
            Trainers.TrainerTests.tests
            Evaluation.EvaluateTests.tests
            Laws.LawTests.tests
            Records.RecordTests.tests
            Inference.InferenceTests.tests
            Files.FileTests.tests
            testList
                "processes"
                [
                    Processes.LauncherTests.tests
                    Processes.ShareTests.tests
                    Processes.MeetingTests.tests
                ]
            Pretrained.PretrainedTests.tests
        ]
    |> seeded false

[<EntryPoint>]
let main arguments =
    match arguments with
    | [| Records.KillTests.Argument; folder; first |] -> Records.KillTests.child folder (int64 first)
    | _ -> runTestsWithCLIArgs [] arguments all
