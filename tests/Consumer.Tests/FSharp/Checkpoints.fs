/// The page about checkpoints.
module PictureShop.Checkpoints

open System
open System.Threading
open Expecto
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Places

let tests =
    test "checkpoints: a run saves itself and goes on" {
        withFolder (fun folder ->
            for _ in 1..2 do
                let run = SmallRun.prepare ()

                use session = Session.Start run

                session.Checkpoints <- CheckpointOptions(Folder = folder, EveryIterations = 100)

                session.ResumeLatest(folder, ignore) |> ignore

                for _ in session.Train(None, 5, CancellationToken.None) do
                    ()

                Expect.equal session.Progress.Epoch 5 "the last epoch"

            Expect.hasLength (CheckpointFolder.list folder) 1 "the second run had nothing left to do")
    }
