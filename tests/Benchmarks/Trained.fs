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
type Trained(recipe: Recipe, ingredients: Ingredients) =
    let prepared =
        Setup.prepare
            recipe
            { ingredients with
                Seed = Some 3L
                Device = Some torch.CPU
                Workers = 2
            }

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

            for _, network in ingredients.Models do
                network.Dispose()

            match ingredients.Dataset with
            | Dataset.Tensors(data, labels) ->
                data |> Array.iter _.Dispose()

                match labels with
                | :? torch.Tensor as labels -> labels.Dispose()
                | _ -> ()
            | Dataset.Samples _ -> ()

/// Runs of a single network.
module Trained =

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
        let ingredients =
            Ingredients.create
                [ "trunk", (network :> torch.nn.Module) ]
                [ "metric_loss", (loss :> torch.nn.Module) ]
                []
                batchSize
                (Dataset.ofTensors data labels)

        new Trained(
            MetricLossOnly.recipe,
            { ingredients with
                Optimizers = [ "trunk_optimizer", choice.Ours(network.parameters ()) ]
                Miners = [ for miner in Option.toList miner -> "tuple_miner", MinerChoice.Tuples miner ]
            }
        )

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
