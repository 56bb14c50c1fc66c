/// Runs of MetricLossOnly over one or two layers, for tests of single rules.
module MetricLearning.Core.Tests.Support.SmallRuns

open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

let step (session: Session) =
    session.Step CancellationToken.None |> Seq.iter ignore

let labels () =
    torch.tensor(RunParts.labels).DetachFromDisposeScope()

let optionsOf (models: (string * torch.nn.Module) list) (optimizers: (string * PureOptimizer) list) (data: Tensor) =
    RunOptions(
        Models = Models.Of(models),
        LossFuncs = LossFuncs(MetricLoss = new TripletMarginLoss(margin = 1.0)),
        Optimizers = Optimizers.Of [ for key, optimizer in optimizers -> key, (optimizer :> AnyOptimizer) ],
        BatchSize = RunParts.batchSize,
        Dataset = TrainingData.FromTensors(data, labels ()),
        DataloaderNumWorkers = 0,
        Seed = 4L
    )

let adam = PureOptimizer.Adam(0.01)

let linear (inputs: int64) (outputs: int64) = torch.nn.Linear(inputs, outputs)

let layer (name: string) (layer: torch.nn.Module<Tensor, Tensor>) = struct (name, layer)

let data () =
    (RunParts.data Settings.rich).DetachFromDisposeScope()

let mistakesOf (options: RunOptions) : string list =
    try
        (Session.Start(Setup.prepare MetricLossOnly.recipe options)).Dispose()
        []
    with :? SetupException as error ->
        List.ofSeq error.Mistakes

let session (options: RunOptions) =
    Session.Start(Setup.prepare MetricLossOnly.recipe options)

/// A network around a parameter that others may hold too.
type Scaled(scale: Modules.Parameter) as this =
    inherit torch.nn.Module<Tensor, Tensor>("Scaled")
    do this.register_parameter ("scale", scale)
    override _.forward input = input * scale

let parameter (values: Tensor) =
    (new Modules.Parameter(values)).DetachFromDisposeScope() :?> Modules.Parameter

let slotsOf (session: Session) =
    [
        for group in session.Handles.Groups do
            for slot in group.Layout.Slots -> slot.Name
    ]
