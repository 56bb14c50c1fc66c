/// Networks that are used while they train.
module MetricLearning.Core.Tests.Inference.TrainingTests

open System
open System.IO
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.SmallRuns

let private network () =
    torch.manual_seed 3L |> ignore

    torch.nn.Sequential(
        layer "linear" (linear RunParts.features RunParts.size),
        layer "norm" (torch.nn.BatchNorm1d RunParts.size),
        layer "dropout" (torch.nn.Dropout 0.5)
    )

// Trained weights, statistics and slots, after looking or not.
let private train (look: torch.nn.Module -> unit) =
    use trunk = network ()

    use session =
        session (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()))

    for _ in 1..6 do
        step session
        look trunk

    Snapshot.ofSession session

let private look (file: string) (rows: TrainingData) (trunk: torch.nn.Module) =
    use _ = torch.NewDisposeScope()

    use model = new InferenceModel(trunk)

    model.TrainKnn(rows, 8)
    model.GetNearestNeighbors(rows, 2, 8) |> ignore
    model.GetMatches(rows, batchSize = 8) |> ignore

    model.CalibrateThreshold(rows, CalibrationGoal.F1, maxPairs = 100L, seed = 1L, batchSize = 8)
    |> ignore

    model.Save file

    for batch in model.StreamEmbeddings(rows, 8) do
        batch.Dispose()

let tests =
    testList
        "networks that train"
        [
            test "looking at them changes nothing that they learn" {
                let file = Path.GetTempFileName()
                let rows = TrainingData.FromTensors(data (), labels ())
                Expect.equal (train (look file rows)) (train ignore) "weights, statistics, slots and progress"
                File.Delete file
            }

            test "a saved model has the weights of its moment, and loading them into others does not touch the run" {
                let file = Path.GetTempFileName()
                use _ = torch.NewDisposeScope()
                use trunk = network ()

                use session =
                    session (optionsOf [ Keys.Trunk, trunk ] [ "trunk_optimizer", adam ] (data ()))

                step session

                use model = new InferenceModel(trunk)

                model.Save file

                let weights () =
                    Seq.head (trunk.parameters ()) |> floats

                let saved = weights ()
                step session
                let trained = Snapshot.ofSession session
                use other = network ()

                use loaded = new InferenceModel(other)

                loaded.Load file
                Expect.equal (floats (Seq.head (other.parameters ()))) saved "as they were"
                Expect.notEqual (weights ()) saved "trained since"
                Expect.equal (Snapshot.ofSession session) trained "the run goes on"
                File.Delete file
            }
        ]
