/// Law 11, micro-batches, part by part: every loss, miner and optimizer.
module MetricLearning.Core.Tests.Laws.MicroBatchParts

open System
open Expecto
open TorchSharp
open MetricLearning
open MetricLearning.Core
open MetricLearning.Core.Tests.Support
open MetricLearning.Core.Tests.Support.MicroRuns
open MetricLearning.Core.Tests.Support.SmallRuns

let private labels = Array.ofList EveryPart.packagedLabels

// Two layers to five numbers; the samples of a batch are triplets, for the miner that wants them so.
let private options (loss: Loss) (miner: Miner option) (optimizer: Modules.Parameter seq -> AnyOptimizer) : RunOptions =
    let trunk =
        torch.nn.Sequential(layer "first" (linear 6L 7L), layer "tanh" (torch.nn.Tanh()), layer "last" (linear 7L 5L))

    // Equal ones for equal seeds.
    let mutable number = 20L

    for parameter in trunk.parameters () do
        number <- number + 1L
        Effects.overwrite parameter (Weights.tensor number torch.float64 parameter.shape)

    trunk.``to`` torch.float64 |> ignore
    let data = Weights.tensor 11L torch.float64 [| int64 labels.Length; 6L |]

    RunOptions(
        Models = Models(Trunk = trunk),
        LossFuncs = LossFuncs(MetricLoss = loss),
        Optimizers =
            Optimizers(
                Trunk = optimizer (trunk.parameters ()),
                MetricLoss =
                    (if Seq.isEmpty (loss.parameters ()) then
                         null
                     else
                         PureOptimizer.SGD(0.01))
            ),
        MiningFuncs = MiningFuncs(TupleMiner = Option.toObj miner),
        BatchSize = labels.Length,
        Sampler = AnySampler.Indices(seq { 0L .. int64 labels.Length - 1L }),
        Dataset = TrainingData.FromTensors(data.DetachFromDisposeScope(), torch.tensor(labels).DetachFromDisposeScope()),
        DataloaderNumWorkers = 0,
        Seed = 4L
    )
    |> RunParts.inFloat64

let private sgd (_: Modules.Parameter seq) : AnyOptimizer = PureOptimizer.SGD(0.01, momentum = 0.9)

let private same (make: unit -> RunOptions) =
    for size in [ 1; 5 ] do
        expectSameRuns
            4
            (Setup.prepare MetricLossOnly.recipe (make ()))
            (Setup.prepare MetricLossOnly.recipe (withSize size (make ())))

// A loss that takes labels; those of two views have a recipe of their own.
let private ofLabels =
    EveryPart.losses
    |> List.filter (fun (_, make) ->
        use loss = make ()
        loss.TakesLabels)

let tests =
    testList
        "11 cuts do not matter: micro-batches of every part"
        [
            for name, make in ofLabels do
                testCase name (fun () -> same (fun () -> options (make ()) None sgd))

            for name, make in EveryPart.miners do
                testCase name (fun () -> same (fun () -> options (new TripletMarginLoss()) (Some(make ())) sgd))

            for name, optimizer in RunOptimizers.optimizers do
                testCase name (fun () -> same (fun () -> options (new NTXentLoss()) None (fun _ -> optimizer)))

            for name, make in RunOptimizers.torchOptimizers do
                testCase $"TorchSharp's {name}" (fun () ->
                    same (fun () -> options (new NTXentLoss()) None (make >> AnyOptimizer.Torch)))
        ]
