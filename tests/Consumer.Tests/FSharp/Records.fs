/// The page about records.
module PictureShop.Records

open System.Threading
open Expecto
open MetricLearning
open MetricLearning.Core

type private MyWriter() =
    interface IRecordWriter with
        member _.Append _ = ()
        member _.Amend _ = ()
        member _.Flush() = ()
        member _.Dispose() = ()

let private ownWriter =
    testCase "a keeper of a writer of one's own" (fun () ->
        use session = Session.Start(SmallRun.prepare ())

        use keeper = new RecordKeeper([ new MyWriter() :> IRecordWriter ])

        for event in session.Train(None, 2, CancellationToken.None) do
            if event = Event.IterationEnded then
                keeper.Append(Recording.ofIteration session (session.Progress.Steps - 1L))

        let recorded = keeper.History("loss_histories", "total_loss")["total_loss"]
        Expect.equal (int64 recorded.Count) session.Progress.Steps "one record an iteration"
        Expect.equal (Seq.last recorded) session.Progress.Losses["total_loss"] "the last loss")

let tests = testList "records" [ ownWriter ]
