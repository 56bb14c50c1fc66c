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

/// Layers one after the other, of which the first does something besides.
type private Doing(act: unit -> unit, layers: torch.nn.Module<Tensor, Tensor> list) as this =
    inherit torch.nn.Module<Tensor, Tensor>("Doing")

    do
        for number, layer in List.indexed layers do
            this.register_module ($"layer{number}", layer)

    override _.forward input =
        act ()
        layers |> List.fold (fun input layer -> layer.call input) input

let private doing act =
    new Doing(act, [ torch.nn.Linear(features, size) ])

// A model that was used before: its first pass shows whether it draws.
let private used (network: torch.nn.Module<Tensor, Tensor>) (data: Tensor) =
    let model = new InferenceModel(network)
    (model.GetEmbeddings data).Dispose()
    model

let private ask (model: InferenceModel) (data: Tensor) () = (model.GetEmbeddings data).Dispose()

let private trainer (trunk: torch.nn.Module<Tensor, Tensor>) (dataset: TrainingData) =
    RunOptions(
        Models = Models.Of [ Keys.Trunk, (trunk :> torch.nn.Module) ],
        LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss()),
        Optimizers = Optimizers.Of [ "trunk_optimizer", (SmallRuns.adam :> AnyOptimizer) ],
        BatchSize = 8,
        Dataset = dataset,
        DataloaderNumWorkers = 0,
        Seed = 4L
    )
    |> Setup.prepare MetricLossOnly.recipe
    |> Session.Start

let private classes (data: Tensor) =
    TrainingData.FromTensors(data, [| for row in 0 .. int (data.size 0) - 1 -> int64 (row % 4) |])

// Samples that do something when they are read.
let private reading (data: Tensor) (act: unit -> unit) =
    TrainingData.FromSamples(
        data.size 0,
        fun index _ ->
            act ()
            [| box data[index]; box (index % 4L) |]
    )

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

let private drawing () =
    new Doing(
        ignore,
        [
            torch.nn.Linear(features, size)
            new Function("noise", (fun input -> input + torch.randn_like input))
        ]
    )

let private turns =
    testList
        "take turns"
        [
            test "a layer that models and a trainer share is used by one at a time" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let crowd = Crowd()
                let data = data 16L
                let shared = doing crowd.Visit :> torch.nn.Module<Tensor, Tensor>
                let around () = new Doing(ignore, [ shared ])
                let session = trainer (around ()) (classes data)
                let models = [ for _ in 1..3 -> used (around ()) data ]

                together
                    [
                        for model in models @ models do
                            fun () ->
                                for _ in 1..200 do
                                    ask model data ()
                        fun () ->
                            for _ in 1..50 do
                                SmallRuns.step session
                    ]

                Expect.equal crowd.Most 1 "the most at once"
            }

            test "models that share layers in every order come to an end" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let data = data 4L

                let layers =
                    [
                        for _ in 1..4 -> torch.nn.Linear(features, features) :> torch.nn.Module<Tensor, Tensor>
                    ]

                let models =
                    [
                        for one in layers do
                            for other in layers do
                                if one <> other then
                                    used (new Doing(ignore, [ one; other ])) data
                    ]

                let drawing = used (new Doing(ignore, [ drawing () ])) data
                let before = models |> List.map (fun model -> bitsOf (model.GetEmbeddings data))

                together
                    [
                        for first in 0..3 .. models.Length - 1 do
                            fun () ->
                                for _ in 1..20 do
                                    for model in models[first..] @ models[.. first - 1] do
                                        ask model data ()
                        fun () ->
                            for _ in 1..200 do
                                ask drawing data ()
                    ]

                Expect.equal
                    (models |> List.map (fun model -> bitsOf (model.GetEmbeddings data)))
                    before
                    "the same bits"
            }

            test "two networks that ask for each other in the middle of a pass are refused, and do not hang" {
                use _ = torch.NewDisposeScope()
                torch.manual_seed 1L |> ignore
                let data = data 4L
                let meeting = Meetings.Meeting(2, IsOn = false)
                let others: (InferenceModel | null)[] = [| null; null |]

                let models =
                    [|
                        for number in 0..1 do
                            let asks () =
                                if meeting.IsOn then
                                    meeting.Come()
                                    ask (nonNull others[1 - number]) data ()

                            used (doing asks) data
                    |]

                Array.iteri (fun number model -> others[number] <- model) models
                meeting.IsOn <- true
                let refused = ref 0

                together
                    [
                        for model in models do
                            fun () ->
                                try
                                    ask model data ()
                                with :? InvalidOperationException as error ->
                                    Expect.stringContains error.Message "wait for each other" "why"
                                    Threading.Interlocked.Increment refused |> ignore
                    ]

                Expect.equal refused.Value 1 "one of the two"
                ask models[0] data ()
            }
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

let tests = testList "on several threads" [ overlaps; turns; results ]
