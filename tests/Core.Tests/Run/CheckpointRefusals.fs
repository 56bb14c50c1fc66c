/// Checkpoints that are not those of the run.
module MetricLearning.Core.Tests.Run.CheckpointRefusals

open System
open System.Collections.Generic
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Laws
open MetricLearning.Core.Tests.Support.Places
open MetricLearning.Core.Tests.Support.SavedRuns
open MetricLearning.Core.Tests.Data

/// The file is refused by a run of its own, which stays as it was, with an error of this kind that has these words.
let private isRefused<'Error when 'Error :> exn> (session: Session) (path: string) (words: string list) =
    step session
    let before = Snapshot.ofSession session, Snapshot.ofModules session.Handles

    Expect.throwsC (fun () -> session.ResumeFrom path) (fun error ->
        Expect.equal (error.GetType()) typeof<'Error> error.Message

        for words in words do
            Expect.stringContains error.Message words "the message")

    Expect.equal (Snapshot.ofSession session, Snapshot.ofModules session.Handles) before "nothing was loaded"
    step session

let private others: (string * (unit -> Session) * string list) list =
    let another settings =
        fun () -> Subject.start subject settings

    let rich = Settings.rich

    [
        "another trainer", (fun () -> Subject.start Subject.all[1] rich), [ "that of a MetricLossOnly"; "classifier" ]
        "no embedder",
        another { rich with Embedder = false },
        [ "its networks are trunk, embedder, here they are trunk" ]
        "another optimizer", another { rich with Optimizer = 0 }, [ "\"trunk_optimizer\" is Adam, here it is SGD" ]
        "Adam's other kind", another { rich with Optimizer = 5 }, [ "\"trunk_optimizer\" is Adam, here it is AdamW" ]
        "another slot",
        another { rich with Optimizer = 4 },
        [ "it has no \"trunk_optimizer.max_exp_avg_sq.trunk.inner" ]
        "two groups", another { rich with Optimizer = 13 }, [ "here it is AdamW, AdamW" ]
        "no batch norm", another { rich with BatchNorm = false }, [ "its \"trunk.inner.norm.bias\" is not here" ]
        "another dtype", another { rich with Float64 = true }, [ "is Float32, here it is Float64" ]
        "another loss", another { rich with Loss = 0 }, [ "metric_loss_optimizer" ]
        "another learned loss", another { rich with Loss = 3 }, [ "its \"metric_loss.W\"" ]
        "a schedule",
        another
            { rich with
                Schedule = ScheduleSetting.ByEpoch
            },
        [ "its schedules are none, here they are" ]
    ]

/// Strings changed, by what the message says of it.
let private strange: (string * (IDictionary<string, string> -> unit) * string) list =
    let set key value (strings: IDictionary<string, string>) = strings[key] <- value
    let drop (key: string) (strings: IDictionary<string, string>) = strings.Remove key |> ignore

    [
        "another format", set "format" "pt", "none that SaveCheckpoint wrote"
        "no format", drop "format", "none that SaveCheckpoint wrote"
        "a newer version", set "version" "2", "written by a newer version of this library"
        "a much newer version", set "version" "999999", "Update MetricLearning"
        "no version", drop "version", "it has no version"
        "version zero", set "version" "0", "its version is no number"
        "a version that is none", set "version" "one", "its version is no number"
        "no progress", drop "progress", "it has no progress"
        "progress that is none", set "progress" "{}", "its progress cannot be read"
        "no description", drop "description", "it has no description"
        "a description that is none", set "description" "[1]", "its description cannot be read"
    ]

let tests =
    testList
        "checkpoints that are refused, nothing loaded"
        [
            for what, start, words in others do
                testCase what (fun () ->
                    withCheckpoint Settings.rich (fun path ->
                        use session = start ()
                        isRefused<ArgumentException> session path ("is the checkpoint of another run" :: words)))

            for what, change, words in strange do
                testCase what (fun () ->
                    withCheckpoint Settings.rich (fun path ->
                        rewritten path change
                        use session = fitting ()
                        isRefused<InvalidDataException> session path [ words ]))

            testCase "no file" (fun () ->
                withPath (fun path ->
                    use session = fitting ()
                    isRefused<FileNotFoundException> session path []))

            testCase "weights that are no checkpoint" (fun () ->
                withPath (fun path ->
                    use tensor = torch.zeros 3L
                    Safetensors.Save(path, [ struct ("trunk.weight", tensor) ], [])
                    use session = fitting ()
                    isRefused<InvalidDataException> session path [ "none that SaveCheckpoint wrote" ]))

            testCase "an optimizer that keeps its slots to itself, with that reason" (fun () ->
                withPath (fun path ->
                    use session =
                        MetricLearning.Core.Tests.Laws.TorchRuns.prepare (
                            MetricLearning.Core.Tests.Laws.TorchRuns.withOptimizers
                                MetricLearning.Core.Tests.Laws.TorchRuns.settings
                                (MetricLearning.Core.Tests.Laws.TorchRuns.torchOptimizer
                                    TorchRuns.asgd
                                    [ Keys.Trunk; Keys.Embedder ])
                        )
                        |> Session.Start

                    step session

                    Expect.throwsC (fun () -> session.SaveCheckpoint path) (fun error ->
                        Expect.equal (error.GetType()) typeof<InvalidOperationException> "its kind"
                        Expect.stringContains error.Message "(ASGD) keeps its slots to itself" "the message")

                    Expect.isFalse (File.Exists path) "no file"))

            testCase "a TorchSharp scheduler that cannot come there" (fun () ->
                let settings =
                    { Settings.rich with
                        TorchOptimizers = true
                        TorchSchedulers = true
                        Schedule = ScheduleSetting.ByIteration
                    }

                withCheckpoint settings (fun path ->
                    use session = Subject.start subject settings
                    step session
                    step session
                    session.ResumeFrom path
                    isRefused<InvalidOperationException> session path [ "use a schedule of this library" ]))

            testCase "a disposed run" (fun () ->
                withCheckpoint Settings.rich (fun path ->
                    let session = fitting ()
                    session.Dispose()
                    Expect.throwsT<ObjectDisposedException> (fun () -> session.ResumeFrom path) "resume"
                    Expect.throwsT<ObjectDisposedException> (fun () -> session.SaveCheckpoint path) "save"))
        ]
