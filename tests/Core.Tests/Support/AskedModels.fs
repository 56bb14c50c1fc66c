/// Models that are asked on several threads, and what they wait for.
module MetricLearning.Core.Tests.Support.AskedModels

open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support.EmbeddingNetworks

/// Layers one after the other, of which the first does something besides.
type Doing(act: unit -> unit, layers: torch.nn.Module<Tensor, Tensor> list) as this =
    inherit torch.nn.Module<Tensor, Tensor>("Doing")

    do
        for number, layer in List.indexed layers do
            this.register_module ($"layer{number}", layer)

    override _.forward input =
        act ()
        layers |> List.fold (fun input layer -> layer.call input) input

let doing act =
    new Doing(act, [ torch.nn.Linear(features, size) ])

// A model that was used before: its first pass shows whether it draws.
let used (network: torch.nn.Module<Tensor, Tensor>) (data: Tensor) =
    let model = new InferenceModel(network)
    (model.GetEmbeddings data).Dispose()
    model

let ask (model: InferenceModel) (data: Tensor) () = (model.GetEmbeddings data).Dispose()

let trainer (trunk: torch.nn.Module<Tensor, Tensor>) (dataset: TrainingData) =
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

let classes (data: Tensor) =
    TrainingData.FromTensors(data, [| for row in 0 .. int (data.size 0) - 1 -> int64 (row % 4) |])

// Samples that do something when they are read.
let reading (data: Tensor) (act: unit -> unit) =
    TrainingData.FromSamples(
        data.size 0,
        fun index _ ->
            act ()
            [| box data[index]; box (index % 4L) |]
    )

let drawing () =
    new Doing(
        ignore,
        [
            torch.nn.Linear(features, size)
            new Function("noise", (fun input -> input + torch.randn_like input))
        ]
    )
