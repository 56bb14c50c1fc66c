module MetricLearning.Core.Tests.Processes.MeetingTests

open System
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.ThreadProcesses

let private messageOf (act: unit -> unit) : string =
    try
        act ()
        "nothing"
    with error ->
        error.Message

let tests =
    testList
        "meetings"
        [
            testCase "a process by itself meets nobody" (fun () ->
                let meeting = Processes.Alone.Meeting
                Expect.equal (meeting.Meet(Occasion.Batch, [| 7L |])) [| [| 7L |] |] "its own numbers"
                Expect.equal (meeting.Together(fun () -> 3)) 3 "its own result"
                let error = messageOf (fun () -> meeting.Together(fun () -> invalidOp "broken"))
                Expect.equal error "broken" "its own error")

            testCase "what fails in one process fails in all, with its message" (fun () ->
                let messages =
                    asProcesses 3 (fun processes ->
                        let meeting = processes.Meeting

                        messageOf (fun () ->
                            meeting.Together(fun () ->
                                if processes.Rank = 1 then
                                    invalidOp "broken"

                                meeting.Meet(Occasion.Rows, [||]) |> ignore)))

                Expect.equal
                    messages
                    [ "Process 2 of 3 failed: broken"; "broken"; "Process 2 of 3 failed: broken" ]
                    "messages")

            testCase "an exception that all know of is not told again" (fun () ->
                let messages =
                    asProcesses 2 (fun processes ->
                        let meeting = processes.Meeting

                        messageOf (fun () ->
                            meeting.Together(fun () ->
                                try
                                    meeting.Together(fun () ->
                                        if processes.IsFirst then
                                            invalidOp "broken"

                                        meeting.Meet(Occasion.Rows, [||]) |> ignore)
                                with error ->
                                    raise (AggregateException error))))

                for message in messages do
                    Expect.stringContains message "broken" "wrapped by a user's code")

            testCase "processes that part are told so" (fun () ->
                let messages =
                    asProcesses 2 (fun processes ->
                        let occasion =
                            if processes.IsFirst then
                                Occasion.Score
                            else
                                Occasion.Embeddings

                        messageOf (fun () -> processes.Meeting.Meet(occasion, [||]) |> ignore))

                for message in messages do
                    Expect.stringContains message "process 1 of 2 moves plateau schedules" "the first"
                    Expect.stringContains message "process 2 of 2 embeds a data set" "the second")

            testCase "numbers that must be alike are compared" (fun () ->
                let messages =
                    asProcesses 2 (fun processes ->
                        messageOf (fun () ->
                            processes.Meeting.Agree(
                                Occasion.Batch,
                                [| 1L; int64 processes.Rank |],
                                [ "a"; "differ." ]
                            )
                            |> ignore))

                Expect.equal messages [ for _ in 1..2 -> "Process 2 of 2 and process 1 differ." ] "messages")

            testCase "what fails where nothing can be raised is raised at the next meeting" (fun () ->
                let meeting = Meeting(Alone())
                meeting.Deferred(fun () -> invalidOp "broken")
                meeting.Deferred(fun () -> failtest "nothing more is done")
                let error = messageOf (fun () -> meeting.Meet(Occasion.Gradients, [||]) |> ignore)
                Expect.equal error "broken" "later"
                Expect.equal (meeting.Meet(Occasion.Gradients, [||])) [| [||] |] "once")

            testCase "what the first process finds is everybody's" (fun () ->
                let found =
                    asProcesses 3 (fun processes ->
                        let rank = int64 processes.Rank

                        FromFirst.numbers processes Occasion.Order (fun () -> [| rank; 5L |]),
                        FromFirst.text processes Occasion.State (fun () -> $"of {rank}"),
                        FromFirst.numbers processes Occasion.Order (fun () -> [||]))

                Expect.equal found [ for _ in 1..3 -> [| 0L; 5L |], "of 0", [||] ] "of the first")
        ]
