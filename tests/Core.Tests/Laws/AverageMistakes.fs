/// Rules of averages, and states, that do not fit.
module MetricLearning.Core.Tests.Laws.AverageMistakes

open System
open System.Threading
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support

let private step (session: Session) =
    session.Step CancellationToken.None |> Seq.iter ignore

let tests =
    testList
        "mistakes"
        [
            for number, (name, make) in
                List.indexed
                    [
                        "decay", (fun () -> WeightAveraging.Exponential 1.0)
                        "decay", (fun () -> WeightAveraging.Exponential -0.1)
                        "fromEpoch", (fun () -> WeightAveraging.Equal 0)
                        "everyEpochs", (fun () -> WeightAveraging.Equal(1, everyEpochs = 0))
                        "everyIterations", (fun () -> WeightAveraging.Equal(1, everyIterations = 0))
                        "everyIterations", (fun () -> WeightAveraging.Equal(1, everyEpochs = 1, everyIterations = 1))
                    ] do
                test $"{number}: {name} is named" {
                    Expect.throwsC (fun () -> make () |> ignore) (fun error ->
                        Expect.equal ((error :?> ArgumentException).ParamName) name error.Message)
                }

            testCase "a run without an average says so" (fun () ->
                use session = Subject.start Subject.metricLossOnly Settings.rich

                Expect.throwsC (fun () -> session.WhileAveraged(fun () -> ())) (fun error ->
                    Expect.stringContains error.Message "set WeightAveraging" "the message"))

            testCase "a state with an average needs a run with one of its kind" (fun () ->
                use session =
                    Subject.start Subject.metricLossOnly { Settings.rich with Averaging = 1 }

                step session
                use state = session.Take()
                use plain = state.WithoutAverage()

                for averaging, words in [ 0, "WeightAveraging is not set"; 3, "exponential" ] do
                    use other =
                        Subject.start
                            Subject.metricLossOnly
                            { Settings.rich with
                                Averaging = averaging
                            }

                    Expect.throwsC (fun () -> other.Resume state) (fun error ->
                        Expect.stringContains error.Message words "the message")

                    other.Resume plain
                    step other)

            testCase "an average that begins late is told" (fun () ->
                use session = Subject.start Subject.metricLossOnly Settings.rich
                step session
                use state = session.Take()

                for averaging, isTold in [ 1, true; 3, false; 0, false ] do
                    use other =
                        Subject.start
                            Subject.metricLossOnly
                            { Settings.rich with
                                Averaging = averaging
                            }

                    let told = ResizeArray<string>()
                    other.Warned <- Action<string> told.Add
                    other.Resume state
                    Expect.equal (told.Exists(_.Contains("no average of weights"))) isTold $"{averaging}"
                    step other)
        ]
