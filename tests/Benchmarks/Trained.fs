namespace MetricLearning.Benchmarks

open System
open System.IO
open System.Threading
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// The same training by the library, with everything that a user would have switched on: a hook that looks at every
/// iteration's losses, progress after every iteration, and a log.
[<Sealed>]
type Trained(recipe: Recipe, options: RunOptions, data: torch.Tensor list) =
    let prepared =
        Setup.prepare recipe (RunOptions(options, Seed = 3L, DataDevice = torch.CPU, DataloaderNumWorkers = 2))

    let session = Session.Start prepared
    let log = TextWriter.Null
    let mutable epoch = 0
    let mutable seen = 0.0

    let watch (event: Event) =
        match event with
        | Event.IterationEnded ->
            let progress = session.Progress
            seen <- seen + progress.Losses[Keys.TotalLoss]
            log.Write(progress.Iteration)
        | Event.EpochEnded ->
            let means = Progress.epochMeans session.Progress
            log.WriteLine $"epoch {epoch}: {means[Keys.TotalLoss]}"
        | _ -> ()

    /// The last iteration's loss.
    member _.Loss = session.Progress.Losses[Keys.TotalLoss]

    /// One pass over the data, shuffled; an incomplete batch is dropped.
    member _.Epoch() : unit =
        epoch <- epoch + 1

        for event in session.Train(Some epoch, epoch, CancellationToken.None) do
            watch event

    interface IDisposable with
        member _.Dispose() =
            session.Dispose()

            for network in options.Models.Values do
                network.Dispose()

            for tensor in data do
                tensor.Dispose()

/// Runs of a single network.
module Trained =

    /// Epochs of two kinds of training by turns, for every network whose name holds `only`.
    let compare
        (clock: Clock)
        (only: string)
        (rounds: int)
        (seconds: float)
        (pair: Workload -> struct (Trained * Trained))
        : unit =
        for workload in Workload.all do
            if workload.Name.Contains only then
                let struct (ours, other) = pair workload
                use ours = ours
                use other = other

                Interleaved.compare clock workload.Name None workload.Iterations rounds seconds ours.Epoch other.Epoch
                |> Report.line

    /// MetricLossOnly with a loss on a network's output, perhaps with a tuple miner.
    let withMiner
        (miner: Miner option)
        (network: torch.nn.Module<torch.Tensor, torch.Tensor>)
        (loss: Loss)
        (choice: Choice)
        (data: torch.Tensor)
        (labels: torch.Tensor)
        (batchSize: int)
        : Trained =
        let options =
            RunOptions(
                Models = Models(Trunk = network),
                LossFuncs = LossFuncs(MetricLoss = loss),
                Optimizers = Optimizers(Trunk = choice.Ours(network.parameters ())),
                BatchSize = batchSize,
                Dataset = TrainingData.FromTensors(data, labels),
                MiningFuncs = MiningFuncs(TupleMiner = Option.toObj miner)
            )

        new Trained(MetricLossOnly.recipe, options, [ data; labels ])

    /// MetricLossOnly with a loss on a network's output.
    let ofNetwork
        (network: torch.nn.Module<torch.Tensor, torch.Tensor>)
        (loss: Loss)
        (choice: Choice)
        (data: torch.Tensor)
        (labels: torch.Tensor)
        (batchSize: int)
        : Trained =
        withMiner None network loss choice data labels batchSize
