/// The page how it works.
module PictureShop.HowItWorks

open System.IO
open Expecto
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.Places

let tests =
    test "how it works: a state is a value" {
        withFolder (fun folder ->
            let path = Path.Combine(folder, "taken.safetensors")
            let run = SmallRun.prepare ()

            let taken = Run.train run 2 run.State
            let bold = taken |> Run.withLearningRate "trunk_optimizer" 3e-3 |> Run.train run 4

            let careful =
                taken |> Run.withLearningRate "trunk_optimizer" 3e-4 |> Run.train run 4

            Checkpoint.save run.Recipe run.Handles taken path

            Expect.equal taken.Epoch 2 "taken"
            Expect.notEqual bold.Losses["total_loss"] careful.Losses["total_loss"] "two forks"
            use resumed = Checkpoint.load run.Recipe run.Handles path
            Expect.equal resumed.Progress taken.Progress "the same moment")
    }
