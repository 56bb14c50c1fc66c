/// Damaged, foreign and unwritable checkpoints in a run's folder.
module MetricLearning.Core.Tests.Run.AutosaveMistakes

open System
open System.IO
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.AutosavedRuns
open MetricLearning.Core.Tests.Support.Places
open MetricLearning.Core.Tests.Support.SavedRuns

let tests =
    testList
        "checkpoints now and then, with mishaps"
        [
            testCase "damaged ones are passed over, and named; if none is whole it is an error" (fun () ->
                withFolder (fun folder ->
                    do
                        use session = start ()
                        session.Checkpoints <- every 2 folder

                        run 6 session

                    let path = CheckpointFolder.pathOf folder

                    let damage steps =
                        File.WriteAllBytes(path steps, (File.ReadAllBytes(path steps))[..1000])

                    damage 6L
                    let named = ResizeArray<string>()
                    use session = start ()
                    session.Checkpoints <- every 2 folder
                    Expect.equal (session.ResumeLatest(folder, Action<string> named.Add)) (path 4L) "the one before"
                    Expect.hasLength named 1 "one is named"
                    Expect.stringContains named[0] (path 6L) "by its path"
                    step session
                    step session
                    Expect.equal (steps folder) [ 6L; 4L; 2L ] "it is written again"
                    use other = start ()
                    Expect.equal (other.ResumeLatest(folder, Action<string> named.Add)) (path 6L) "and whole"

                    for steps in [ 2L; 4L; 6L ] do
                        damage steps

                    use third = start ()

                    Expect.throwsC (fun () -> third.ResumeLatest(folder, quietly) |> ignore) (fun error ->
                        Expect.equal (error.GetType()) typeof<InvalidDataException> "its kind"
                        Expect.stringContains error.Message (path 6L) "the newest")))

            testCase "checkpoints of another run are neither mixed with nor deleted" (fun () ->
                withFolder (fun folder ->
                    do
                        use session = start ()
                        session.Checkpoints <- every 2 folder

                        run 4 session

                    use other = start ()
                    other.Checkpoints <- every 2 folder

                    Expect.throwsC (fun () -> step other) (fun error ->
                        Expect.equal (error.GetType()) typeof<InvalidOperationException> "its kind"
                        Expect.stringContains error.Message "of another run" "the message")

                    Expect.equal (steps folder) [ 4L; 2L ] "they are still there"))

            testCase "one that cannot be written ends training, or is told" (fun () ->
                withFolder (fun folder ->
                    // A folder where a file should be.
                    Directory.CreateDirectory(Path.Combine(CheckpointFolder.pathOf folder 2L, "x"))
                    |> ignore

                    use session = start ()
                    session.Checkpoints <- every 2 folder
                    step session
                    Expect.throws (fun () -> step session) "the failure"
                    Expect.equal session.Progress.Steps 2L "the iteration is done"
                    use told = start ()
                    let failures = ResizeArray()

                    told.Checkpoints <- CheckpointOptions(every 2 folder, Failed = Action<exn> failures.Add)

                    Drive.train told 2 Drive.quietly
                    Expect.hasLength failures 1 "told once"
                    Expect.equal (Snapshot.ofSession told) (whole 2) "training went on"
                    Expect.equal (steps folder) [ 6L; 4L ] "later ones"))

            testCase "options that make no sense" (fun () ->
                let wrong: (CheckpointOptions * string) list =
                    [
                        every 0 "folder", "EveryIterations is 0"
                        CheckpointOptions(every 1 "folder", KeepLast = 0), "KeepLast is 0"
                        every 1 " ", "need a folder"
                        CheckpointOptions(every 1 "folder", EveryIterations = Nullable()), "how often"
                        CheckpointOptions(every 1 "folder", Every = Nullable TimeSpan.Zero), "Every is 00:00:00"
                    ]

                for options, words in wrong do
                    use session = start ()

                    Expect.throwsC (fun () -> session.Checkpoints <- options) (fun error ->
                        Expect.equal (error.GetType()) typeof<ArgumentException> "its kind"
                        Expect.stringContains error.Message words "the message"))
        ]
