/// Models on several threads: what waits for what.
module MetricLearning.Core.Tests.Inference.ConcurrencyTests

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.Expectations
open MetricLearning.Core.Tests.Support.EmbeddingNetworks
open MetricLearning.Core.Tests.Support.Meetings
open MetricLearning.Core.Tests.Support.AskedModels

let private meet (make: (unit -> unit) -> Tensor -> (unit -> unit) * (unit -> unit)) (what: string) =
    test what {
        use _ = torch.NewDisposeScope()
        torch.manual_seed 1L |> ignore
        let meeting = Meetings.Meeting(2, IsOn = false)
        let one, other = make meeting.Come (data 16L)
        meeting.IsOn <- true
        together [ one; other ]
        Expect.equal meeting.Met 2 "both were there at once"
    }

let private overlaps =
    testList
        "do not wait"
        [
            meet
                (fun come data -> ask (used (doing come) data) data, ask (used (doing come) data) data)
                "for other models"

            meet
                (fun come data ->
                    let session = trainer (doing come) (classes data)
                    ask (used (doing come) data) data, (fun () -> SmallRuns.step session))
                "for a trainer of other networks"

            meet
                (fun come data ->
                    let model = used (doing ignore) data
                    let dataset = reading data come

                    (fun () -> model.TrainKnn dataset), (fun () -> ask (used (doing come) data) data ()))
                "for data that another model reads"

            meet
                (fun come data ->
                    let trunk = doing ignore
                    let model = used trunk data
                    let dataset = reading data come

                    (fun () -> model.TrainKnn dataset),
                    (fun () ->
                        ask model data ()
                        come ()))
                "for data that the same model reads"

            meet
                (fun come data ->
                    let trunk = doing ignore
                    let model = used trunk data
                    let session = trainer trunk (reading data come)

                    (fun () -> SmallRuns.step session),
                    (fun () ->
                        ask model data ()
                        come ()))
                "for data that a trainer of the same networks reads"
        ]

let private results =
    testList
        "give the same results"
        [
            test "whether networks draw in evaluation mode or not, alone or at once" {
                use _ = torch.NewDisposeScope()
                use network = trunk ()
                use noisy = drawing ()
                let data = data 16L
                let models = [ new InferenceModel(network); new InferenceModel(noisy) ]
                let bits (model: InferenceModel) = bitsOf (model.GetEmbeddings(data, 5))
                let alone = List.map bits models
                let before = generator ()

                together
                    [
                        for _ in 1..2 do
                            for model, expected in List.zip models alone do
                                fun () ->
                                    for _ in 1..30 do
                                        use _ = torch.NewDisposeScope()
                                        Expect.equal (bits model) expected "the bits"
                    ]

                Expect.equal (generator ()) before "the user's stream"
            }

            test "or are refused, where the weights change in the middle of a data set" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let rows = data 16L
                let trunk = doing ignore
                use model = new InferenceModel(trunk)
                let session = trainer trunk (classes rows)
                let read = ref 0

                let dataset =
                    reading rows (fun () ->
                        read.Value <- read.Value + 1

                        if read.Value = 9 then
                            SmallRuns.step session)

                throws<InvalidOperationException> "on another thread while a data set was embedded" (fun () ->
                    model.TrainKnn(dataset, batchSize = 4))

                model.TrainKnn(dataset, batchSize = 4)
                Expect.equal model.IndexCount 16L "the next time"
            }

            test "where the index grows during a search" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let rows = data 16L
                let asked = ref ignore

                let search =
                    { new KnnFunc() with
                        member _.Search(query, k, reference, isSelf) =
                            asked.Value()
                            CustomKNN.SquaredEuclidean.Search(query, k, reference, isSelf)
                    }

                use model = new InferenceModel(doing ignore, knnFunc = search)
                model.TrainKnn rows
                let before = bitsOf (model.GetNearestNeighbors(rows, 3)).Indices
                asked.Value <- fun () -> together [ (fun () -> model.AddToKnn rows) ]
                Expect.equal (bitsOf (model.GetNearestNeighbors(rows, 3)).Indices) before "the rows as they were"
                Expect.equal model.IndexCount 32L "and added since"
            }
        ]

let tests = testList "on several threads" [ overlaps; TurnTests.tests; results ]
