namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// How a sampler by mined tuples looks at a data set.
[<RequireQualifiedAccess; ReferenceEquality>]
type TuplesToWeightsOptions =
    {
        /// So many random samples are looked at, and drawn, in a pass; null: all.
        SubsetSize: Nullable<int>
        /// Whether embeddings are scaled to length 1 before they are mined.
        NormalizeEmbeddings: bool
        /// How many samples are embedded at once.
        BatchSize: int
        /// Threads that read samples.
        Workers: int
        /// Where samples are put; null: where the model's parameters are.
        Device: torch.Device | null
        /// How samples are read.
        Reading: Reading
    }

/// Random samples, with replacement, each as often as a miner's tuples hold it: at the start of every pass the model
/// embeds the data set, or a random subset of it, in evaluation mode and without gradients, the miner mines it, and the
/// samples of a tuple get weight. Where nothing is mined all weights are 1. Modes of the model and streams of random
/// numbers stay as they were.
[<Sealed>]
type TuplesToWeights
    (
        model: torch.nn.Module<torch.Tensor, torch.Tensor>,
        miner: Miner,
        dataset: TrainingData,
        options: TuplesToWeightsOptions
    ) =
    inherit Sampler()

    let count =
        use source = BatchSource.ofDataset options.Reading dataset
        source.Count

    let taken =
        if options.SubsetSize.HasValue then
            options.SubsetSize.Value
        else
            int count

    do
        if options.BatchSize < 1 then
            invalidArg (nameof options.BatchSize) $"batchSize is {options.BatchSize}: it must be at least 1."

        if taken < 1 || int64 taken > count then
            invalidArg
                (nameof options.SubsetSize)
                $"subsetSize is {taken}, of {count} samples: give 1 to {count}, or leave it out for all."

    let embedding = EmbeddingModel(model, null)
    let mutable weights: float32[] = Array.create (int count) 1.0f

    // Embeddings (K × D) and labels (K) of samples.
    let embed (seed: Seed) (samples: int64[]) =
        let found =
            DatasetEmbeddings.ofSamples
                embedding
                { DatasetEmbeddings.defaults with
                    BatchSize = options.BatchSize
                    Workers = options.Workers
                    Device = options.Device
                    NormalizeEmbeddings = options.NormalizeEmbeddings
                    Reading = options.Reading
                    Seed = seed
                }
                dataset
                samples

        struct (found.Embeddings, found.Labels.select (1L, 0L))

    // The weight of each of the samples, and so many draws.
    let mine (seed: Seed) (samples: int64[]) =
        use _ = torch.NewDisposeScope()
        use _ = torch.no_grad ()

        let device =
            match options.Device with
            | null -> embedding.Device
            | device -> device

        let found = ref struct ([||], [||])

        // A miner of the user's may draw from libtorch's generator.
        Effects.whileEvaluating model device (Seed.derive "evaluation" 0L seed) (fun () ->
            let struct (embeddings, labels) = embed seed samples
            let tuples = miner.Mine(embeddings, labels, null, null, Seed.derive "miner" 0L seed)
            let like = torch.empty (0L, dtype = torch.ScalarType.Float32)
            let weights = (Tuples.toWeights samples.LongLength true like tuples).cpu()
            use generator = TorchSeed.generator torch.CPU (Seed.derive "draws" 0L seed)
            let drawn = weights.multinomial (samples.LongLength, true, generator)

            found.Value <-
                struct (weights.data<float32>().ToArray(),
                        drawn.data<int64>().ToArray() |> Array.map (fun place -> samples[int place])))

        found.Value

    /// (N) how likely each sample of the data set was in the last pass, relative to the likeliest; 0 for those outside the
    /// subset. All 1 before the first pass. Belongs to the caller.
    member _.Weights: torch.Tensor = torch.tensor weights

    override _.DependsOnWeights = true

    /// The subset's size, or that of the data set.
    override _.Length = Nullable(int64 taken)

    override _.Pass(seed, pass) =
        let seed = Seed.derive "tuples to weights" pass seed

        let samples =
            if options.SubsetSize.HasValue then
                Seed.choose taken (int count) (Seed.derive "subset" 0L seed) |> Array.map int64
            else
                [| 0L .. count - 1L |]

        lock Locks.modulesAndGenerators (fun () ->
            let struct (found, drawn) = mine seed samples
            let all = Array.zeroCreate<float32>(int count)
            Array.iter2 (fun (sample: int64) weight -> all[int sample] <- weight) samples found
            weights <- all
            drawn)
