module MetricLearning.Core.Tests.Run.AutosaveTests

open System
open System.IO
open System.Threading
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.AutosavedRuns
open MetricLearning.Core.Tests.Support.Places
open MetricLearning.Core.Tests.Support.SavedRuns

let tests =
    testList
        "checkpoints now and then"
        [
            testCase "every two iterations and at the end, the last three kept" (fun () ->
                withFolder (fun folder ->
                    use session = start ()
                    session.Checkpoints <- every 2 folder
                    let seen = ResizeArray()

                    Drive.train session 3 (fun _ event ->
                        if event = Event.IterationEnded then
                            seen.Add(List.ofSeq (steps folder)))

                    Expect.equal
                        (List.ofSeq seen)
                        [
                            []
                            []
                            [ 2L ]
                            [ 2L ]
                            [ 4L; 2L ]
                            [ 4L; 2L ]
                            [ 6L; 4L; 2L ]
                            [ 6L; 4L; 2L ]
                            [ 8L; 6L; 4L ]
                        ]
                        "after each iteration"

                    Expect.equal (steps folder) [ 9L; 8L; 6L ] "at the end"
                    Expect.equal (Snapshot.ofSession session) (whole 3) "saving changes nothing"))

            testCase "by time" (fun () ->
                withFolder (fun folder ->
                    use session = start ()

                    session.Checkpoints <-
                        CheckpointOptions(
                            every 2 folder,
                            EveryIterations = Nullable(),
                            Every = Nullable(TimeSpan.FromTicks 1L)
                        )

                    step session
                    step session
                    Expect.equal (steps folder) [ 2L; 1L ] "after every step that took a tick"

                    use slow = start ()

                    slow.Checkpoints <-
                        CheckpointOptions(
                            every 2 (Path.Combine(folder, "slow")),
                            EveryIterations = Nullable(),
                            Every = Nullable(TimeSpan.FromDays 1.0)
                        )

                    step slow
                    Expect.isEmpty (steps (Path.Combine(folder, "slow"))) "not before a day"))

            testCase "a run that was killed goes on from the newest, again and again" (fun () ->
                withFolder (fun folder ->
                    for iterations in [ 3; 1; 4; 2 ] do
                        use session = start ()
                        session.Checkpoints <- every 2 folder
                        session.ResumeLatest(folder, quietly) |> ignore
                        // Killed: not disposed in order, and what was not saved is lost.
                        run iterations session

                    use session = start ()
                    session.Checkpoints <- every 2 folder
                    Expect.isNotNull (session.ResumeLatest(folder, quietly)) "there is one"
                    Drive.train session 4 Drive.quietly
                    Expect.equal (Snapshot.ofSession session) (whole 4) "as if nothing had happened"))

            testCase "when training is cancelled" (fun () ->
                withFolder (fun folder ->
                    use session = start ()
                    session.Checkpoints <- every 1000 folder
                    use source = new CancellationTokenSource()

                    Expect.throwsT<OperationCanceledException>
                        (fun () ->
                            for event in session.Train(None, 9, source.Token) do
                                if event = Event.EpochEnded then
                                    source.Cancel())
                        "cancelled"

                    Expect.equal (steps folder) [ 3L ] "where it stood"))

            testCase "when a hook ends training, which then stays ended" (fun () ->
                withFolder (fun folder ->
                    use session = start ()
                    session.Checkpoints <- every 1000 folder

                    Drive.train session 9 (fun _ event ->
                        if event = Event.EpochEnded then
                            session.Stop())

                    Expect.equal (steps folder) [ 3L ] "where it stood"
                    use again = start ()
                    again.ResumeLatest(folder, quietly) |> ignore
                    Drive.train again 9 Drive.quietly
                    Expect.equal again.Progress.Steps 3L "nothing left to do"
                    again.Train(Some 2, 2, CancellationToken.None) |> Seq.iter ignore
                    Expect.equal (again.Progress.Steps, again.Progress.Epoch) (6L, 2) "unless it is told where"))

            testCase "no folder, an empty folder, other files: there is none" (fun () ->
                withFolder (fun folder ->
                    use session = start ()
                    Expect.isNull (session.ResumeLatest(Path.Combine(folder, "none"), quietly)) "no folder"
                    Expect.isNull (session.ResumeLatest(folder, quietly)) "empty"

                    for name in
                        [
                            "checkpoint-00000002.safetensors.tmp"
                            "checkpoint-x.safetensors"
                            "checkpoint-.safetensors"
                            "checkpoint--2.safetensors"
                            "model.safetensors"
                        ] do
                        File.WriteAllText(Path.Combine(folder, name), "x")

                    Expect.isNull (session.ResumeLatest(folder, quietly)) "other files"))

            testCase "a run that goes back drops what came after" (fun () ->
                withFolder (fun folder ->
                    use session = start ()
                    session.Checkpoints <- every 2 folder

                    run 2 session

                    use early = session.Take()

                    run 4 session

                    Expect.equal (steps folder) [ 6L; 4L; 2L ] "before"
                    session.Resume early

                    run 2 session

                    Expect.equal (steps folder) [ 4L; 2L ] "after"))

            testCase "who has something to bring to disk is asked before" (fun () ->
                withFolder (fun folder ->
                    use session = start ()
                    let seen = ResizeArray()
                    session.BeforeSaving <- Action(fun () -> seen.Add(steps folder))
                    session.Checkpoints <- every 1 folder
                    step session
                    step session
                    Expect.equal (List.ofSeq seen) [ []; [ 1L ] ] "before each"))
        ]
