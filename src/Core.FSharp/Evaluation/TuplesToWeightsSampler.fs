namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp
open MetricLearning.Core

/// Random samples, with replacement, each as often as a miner's tuples contain it: at the start of every pass the model
/// embeds the data set, or a random subset of it, in evaluation mode and without gradients, the miner mines it, and the
/// samples of a tuple get weight. If nothing is mined, all weights are 1. The model's modes and all random streams stay as
/// they were. A pass is drawn when the one before it is used up, and is part of the training state.
[<Sealed>]
type TuplesToWeightsSampler
    /// <param name="model">From a batch of data to embeddings (N × D), usually the trunk and embedder that train.</param>
    /// <param name="miner">Its tuples give the weights.</param>
    /// <param name="dataset">The data set that is trained on.</param>
    /// <param name="subsetSize">The number of random samples that are mined, and drawn, in a pass; null: all.</param>
    /// <param name="normalizeEmbeddings">Scales embeddings to length 1 before they are mined.</param>
    /// <param name="batchSize">Samples that are embedded at once.</param>
    /// <param name="dataloaderNumWorkers">Threads that read samples.</param>
    /// <param name="dataDevice">The device of the samples; null: that of the model's parameters.</param>
    /// <param name="dataAndLabelGetter">Batch to data and labels, as of the trainer.</param>
    /// <param name="labelHierarchyLevel">The level of the labels, from 0; a miner whose LabelComparison reads rows sees all columns.</param>
    /// <param name="precision">The numbers that the model computes with.</param>
    /// <exception cref="System.ArgumentException">The subset is larger than the data set, or empty.</exception>
    (
        model: torch.nn.Module<torch.Tensor, torch.Tensor>,
        miner: Miner,
        dataset: TrainingData,
        [<Optional>] subsetSize: Nullable<int>,
        [<Optional; DefaultParameterValue(true)>] normalizeEmbeddings: bool,
        [<Optional; DefaultParameterValue(32)>] batchSize: int,
        [<Optional; DefaultParameterValue(0)>] dataloaderNumWorkers: int,
        [<Optional; DefaultParameterValue(null: torch.Device | null)>] dataDevice: torch.Device | null,
        [<Optional; DefaultParameterValue(null: Func<obj, struct (obj * obj)> | null)>] dataAndLabelGetter:
            Func<obj, struct (obj * obj)> | null,
        [<Optional; DefaultParameterValue(0)>] labelHierarchyLevel: int,
        [<Optional; DefaultParameterValue(Precision.Float32)>] precision: Precision
    ) =
    inherit Sampler()

    do
        ArgumentNullException.ThrowIfNull(model, nameof model)
        ArgumentNullException.ThrowIfNull(miner, nameof miner)
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)

    let reading =
        { Reading.Default with
            DataAndLabelGetter = dataAndLabelGetter
            Level =
                if miner.LabelComparison.ReadsRows then
                    HierarchyLevel.All
                else
                    HierarchyLevel.One labelHierarchyLevel
        }

    let count =
        use source = BatchSource.ofDataset reading dataset
        source.Count

    let taken = if subsetSize.HasValue then subsetSize.Value else int count

    do
        if batchSize < 1 then
            invalidArg (nameof batchSize) $"batchSize is {batchSize}: it must be at least 1."

        if taken < 1 || int64 taken > count then
            invalidArg
                (nameof subsetSize)
                $"subsetSize is {taken}, of {count} samples: give 1 to {count}, or leave it out for all."

    let embedding = EmbeddingModel(model, null, precision)
    // Of strings, too, only which are equal counts.
    let names = LabelNames()
    let mutable weights: float32[] = Array.create (int count) 1.0f

    // Embeddings (K × D) and labels (K), or rows of them, of samples.
    let embed (seed: Seed) (samples: int64[]) =
        let found =
            DatasetEmbeddings.ofSamples
                embedding
                { EmbeddingOptions.defaults with
                    BatchSize = batchSize
                    Workers = dataloaderNumWorkers
                    Device = dataDevice
                    NormalizeEmbeddings = normalizeEmbeddings
                    Reading = reading
                    Names = names
                    Seed = seed
                }
                dataset
                samples

        struct (found.Embeddings,
                (if miner.LabelComparison.ReadsRows then
                     found.Labels
                 else
                     found.Labels.select (1L, 0L)))

    // The weight of each of the samples, and as many draws.
    let mine (seed: Seed) (samples: int64[]) =
        use _ = torch.NewDisposeScope()
        use _ = torch.no_grad ()

        let device =
            match dataDevice with
            | null -> embedding.Device
            | device -> device

        let struct (embeddings, labels) = embed seed samples
        let found = ref struct ([||], [||])

        // A miner of the user's may draw from libtorch's generator.
        let mining = Seed.derive "evaluation" 0L seed

        let whileDrawing act =
            Locks.drawing [||] (fun () -> Effects.whileSeeded device mining act)

        whileDrawing (fun () ->
            let tuples = miner.Mine(embeddings, labels, null, null, Seed.derive "miner" 0L seed)
            let like = torch.empty (0L, dtype = torch.ScalarType.Float32)
            let weights = (Tuples.toWeights samples.LongLength true like tuples).cpu()
            use generator = TorchSeed.generator (Seed.derive "draws" 0L seed)
            let drawn = weights.multinomial (samples.LongLength, true, generator)

            found.Value <-
                struct (weights.data<float32>().ToArray(),
                        drawn.data<int64>().ToArray() |> Array.map (fun place -> samples[int place])))

        found.Value

    /// The chance of each sample of the data set (N) in the last pass, relative to the likeliest; 0 for those outside the
    /// subset. All 1 before the first pass. The caller disposes it.
    member _.Weights: torch.Tensor = torch.tensor weights

    override _.DependsOnWeights = true

    /// The subset's size, or that of the data set.
    override _.Length = Nullable(int64 taken)

    override _.Pass(seed, pass) =
        let seed = Seed.derive "tuples to weights" pass seed

        let samples =
            if subsetSize.HasValue then
                Seed.choose taken (int count) (Seed.derive "subset" 0L seed) |> Array.map int64
            else
                [| 0L .. count - 1L |]

        let struct (found, drawn) = mine seed samples
        let all = Array.zeroCreate<float32>(int count)
        Array.iter2 (fun (sample: int64) weight -> all[int sample] <- weight) samples found
        weights <- all
        drawn
