/// Runs whose batches are of hard negatives.
module MetricLearning.Core.Tests.Support.MinedRuns

open System
open TorchSharp
open MetricLearning
open MetricLearning.Core

/// The samples of a run, without noise.
let samples (settings: Settings) : TrainingData =
    TrainingData.FromTensors(
        (RunParts.data settings).DetachFromDisposeScope(),
        torch.tensor(RunParts.labels).DetachFromDisposeScope()
    )

/// Batches of 12 by the networks of a run, mined anew after every second.
let sampler (settings: Settings) (made: RunOptions) : HardNegativeBatchSampler =
    let network (key: string) =
        made.Models.Present
        |> List.tryFind (fun (known, _) -> known = key)
        |> Option.map snd

    HardNegativeBatchSampler(
        RunParts.labels,
        3,
        RunParts.batchSize,
        samples settings,
        (network Keys.Trunk).Value,
        embedder = Option.toObj (network Keys.Embedder),
        refreshEvery = Nullable 2,
        options = HardNegativeOptions(Count = 5),
        embeddingBatchSize = 16,
        dataloaderNumWorkers = settings.Workers
    )

/// The same options with such a sampler.
let withSampler (settings: Settings) (made: RunOptions) : RunOptions =
    RunOptions(made, Sampler = sampler settings made)

/// A trainer that trains on such batches.
let ofSubject (subject: Subject) : Subject =
    { subject with
        Options = fun settings trap -> subject.Options settings trap |> withSampler settings
    }
