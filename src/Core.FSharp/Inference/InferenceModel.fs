namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open TorchSharp

/// <summary>Trained networks in use: embeddings, nearest neighbours in an index of embeddings, and matches.</summary>
/// <remarks>
/// Networks are evaluated without gradients; their modes and all random streams stay as they were. Returned tensors belong to you, or to
/// the dispose scope that is open. Calls from several threads take turns with the networks, and wait for nothing else: neither for
/// other models, nor for trainers of other networks, nor for data that is being read.
/// </remarks>
/// <example>
/// <code>using var model = new InferenceModel(trunk, embedder);
/// model.TrainKnn(gallery);
/// var (distances, indices) = model.GetNearestNeighbors(queries, k: 5);</code>
/// </example>
[<Sealed>]
type InferenceModel
    /// <summary>A model of networks, which stay yours.</summary>
    /// <param name="trunk">The network that sees the data.</param>
    /// <param name="embedder">The network on top of it; null if the trunk makes the embeddings.</param>
    /// <param name="matchFinder">Decides what matches; null for a cosine of at least 0.9.</param>
    /// <param name="normalizeEmbeddings">Scales embeddings to length 1.</param>
    /// <param name="knnFunc">Finds nearest neighbours; null for exact ones by squared Euclidean distance.</param>
    /// <param name="dataDevice">The device of inputs; null for that of the networks' parameters.</param>
    /// <param name="dtype">Converts floating-point inputs; null keeps their type.</param>
    /// <param name="collateFn">Makes a batch of a list of samples; null for the default collation.</param>
    /// <param name="dataAndLabelGetter">Splits a batch into data and labels; null takes its first and last part.</param>
    /// <param name="dataloaderNumWorkers">Threads that read samples; 0 for the caller's.</param>
    /// <param name="precision">The numbers that networks compute with, on the CPU and on CUDA; embeddings are float32.</param>
    /// <param name="processes">Those that embed data sets together, in the same calls, from <c>Processes.Join</c>; null: this one alone.</param>
    /// <exception cref="System.ArgumentException">A network is disposed, or has no forward pass from tensors to a tensor.</exception>
    (
        trunk: torch.nn.Module,
        [<Optional; DefaultParameterValue(null: torch.nn.Module | null)>] embedder: torch.nn.Module | null,
        [<Optional; DefaultParameterValue(null: MatchFinder | null)>] matchFinder: MatchFinder | null,
        [<Optional; DefaultParameterValue(true)>] normalizeEmbeddings: bool,
        [<Optional; DefaultParameterValue(null: KnnFunc | null)>] knnFunc: KnnFunc | null,
        [<Optional; DefaultParameterValue(null: torch.Device | null)>] dataDevice: torch.Device | null,
        [<Optional>] dtype: Nullable<torch.ScalarType>,
        [<Optional; DefaultParameterValue(null: Func<IReadOnlyList<obj>, obj> | null)>] collateFn:
            Func<IReadOnlyList<obj>, obj> | null,
        [<Optional; DefaultParameterValue(null: Func<obj, struct (obj * obj)> | null)>] dataAndLabelGetter:
            Func<obj, struct (obj * obj)> | null,
        [<Optional; DefaultParameterValue(0)>] dataloaderNumWorkers: int,
        [<Optional; DefaultParameterValue(Precision.Float32)>] precision: Precision,
        [<Optional; DefaultParameterValue(null: Processes | null)>] processes: Processes | null
    ) =
    do ArgumentOutOfRangeException.ThrowIfNegative(dataloaderNumWorkers, nameof dataloaderNumWorkers)
    let model = EmbeddingModel(trunk, embedder, precision)

    let reading =
        { EmbeddingOptions.defaults.Reading with
            CollateFn = collateFn
            DataAndLabelGetter = dataAndLabelGetter
        }

    // A string has the same number in every data set that the model reads.
    let names = LabelNames()

    let state =
        new InferenceState(model, dataDevice, matchFinder, knnFunc, normalizeEmbeddings)

    let options (batchSize: int) (reading: Reading) : EmbeddingOptions =
        state.ThrowIfDisposed()

        { EmbeddingOptions.defaults with
            BatchSize = batchSize
            Workers = dataloaderNumWorkers
            Device = dataDevice
            Dtype = dtype
            NormalizeEmbeddings = state.Normalize
            Reading = reading
            Names = names
            Processes = processes |> Option.ofObj |> Option.defaultValue Processes.Alone
        }

    let embed (argument: string) (inputs: Inputs) (batchSize: int) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(inputs, argument)
        Unlabelled.embed model (options batchSize reading) inputs.Dataset

    let embedOther (own: torch.Tensor) (inputs: Inputs | null) (batchSize: int) : torch.Tensor =
        (own, Option.ofObj inputs)
        ||> Option.fold (fun _ given -> embed "reference" given batchSize)

    /// The network that sees the data.
    member _.Trunk: torch.nn.Module = trunk

    /// The network on top of it; null if the trunk makes the embeddings.
    member _.Embedder: torch.nn.Module | null = embedder

    /// Decides what matches; `CalibrateThreshold` and `Load` change its threshold.
    member _.MatchFinder: MatchFinder = state.Finder

    /// True if embeddings are scaled to length 1; `Load` restores it from the file.
    member _.NormalizeEmbeddings: bool = state.Normalize

    /// The model's card, in words of your own: what makes its networks, data, scores. `Save` writes it, `Load` replaces it.
    member _.Card: IDictionary<string, string> = state.Card

    /// The number of embeddings in the index.
    member _.IndexCount: int64 = state.IndexCount

    /// The embeddings of inputs (N × D), made in batches. Labels are ignored.
    member _.GetEmbeddings(inputs: Inputs, [<Optional; DefaultParameterValue(64)>] batchSize: int) : torch.Tensor =
        embed (nameof inputs) inputs batchSize

    /// <summary>The embeddings (N × D) and labels (N × levels, int64) of a data set.</summary>
    /// <param name="dataset">Samples with labels. A string has one number in all data sets that this model reads: see <c>LabelNames</c>.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <exception cref="System.ArgumentException">The data set is empty, or its labels cannot be read.</exception>
    member _.GetLabelledEmbeddings
        (dataset: TrainingData, [<Optional; DefaultParameterValue(64)>] batchSize: int)
        : LabelledEmbeddings =
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)
        DatasetEmbeddings.compute model (options batchSize reading) dataset

    /// The same batch by batch, on demand: one batch at a time is in memory. Dispose each.
    member _.StreamEmbeddings
        (dataset: TrainingData, [<Optional; DefaultParameterValue(64)>] batchSize: int)
        : IEnumerable<EmbeddedBatch> =
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)
        DatasetEmbeddings.stream model (options batchSize reading) dataset

    /// Replaces the index by the embeddings of inputs.
    member _.TrainKnn(inputs: Inputs, [<Optional; DefaultParameterValue(64)>] batchSize: int) : unit =
        use embeddings = embed (nameof inputs) inputs batchSize
        state.Replace embeddings

    /// Adds the embeddings of inputs to the index.
    member _.AddToKnn(inputs: Inputs, [<Optional; DefaultParameterValue(64)>] batchSize: int) : unit =
        use embeddings = embed (nameof inputs) inputs batchSize
        state.Add embeddings

    /// <summary>The nearest embeddings of the index for each input, nearest first.</summary>
    /// <param name="query">Tensors, or a data set, whose labels are ignored.</param>
    /// <param name="k">The number of neighbours.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <returns>Distances (Q × k) and indices (Q × k, int64), which count embeddings from 0 in the order in which they were added.</returns>
    /// <exception cref="System.InvalidOperationException">There is no index.</exception>
    /// <exception cref="System.ArgumentException">The index has fewer than k embeddings.</exception>
    member _.GetNearestNeighbors
        (query: Inputs, k: int, [<Optional; DefaultParameterValue(64)>] batchSize: int)
        : Neighbours =
        ArgumentNullException.ThrowIfNull(query, nameof query)
        use scope = torch.NewDisposeScope()
        state.Index() |> ignore
        let found = state.Search(embed (nameof query) query batchSize, int64 k)
        scope.MoveToOuter(found.Distances, found.Indices) |> ignore
        found

    /// <summary>The matrix of matches between inputs: (Q × R), bool; labels are ignored.</summary>
    /// <param name="query">Tensors, or a data set.</param>
    /// <param name="reference">Null for the query itself, each sample of which then matches itself.</param>
    /// <param name="threshold">Null for the match finder's.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <exception cref="System.InvalidOperationException">There is no threshold.</exception>
    member _.GetMatches
        (
            query: Inputs,
            [<Optional; DefaultParameterValue(null: Inputs | null)>] reference: Inputs | null,
            [<Optional>] threshold: Nullable<float>,
            [<Optional; DefaultParameterValue(64)>] batchSize: int
        ) : torch.Tensor =
        use scope = torch.NewDisposeScope()
        let query = embed (nameof query) query batchSize
        scope.MoveToOuter(state.Finder.GetMatchingPairs(query, embedOther query reference batchSize, threshold))

    /// The same as pairs of sample numbers, ordered by query, then by reference.
    [<return: TupleElementNames([| "Query"; "Reference" |])>]
    member _.GetMatchingTuples
        (
            query: Inputs,
            [<Optional; DefaultParameterValue(null: Inputs | null)>] reference: Inputs | null,
            [<Optional>] threshold: Nullable<float>,
            [<Optional; DefaultParameterValue(64)>] batchSize: int
        ) : IReadOnlyList<struct (int64 * int64)> =
        use _ = torch.NewDisposeScope()
        let query = embed (nameof query) query batchSize
        state.Finder.GetMatchingTuples(query, embedOther query reference batchSize, threshold)

    /// For each of N inputs x, whether it matches the input of y with the same number.
    member _.IsMatch
        (
            x: Inputs,
            y: Inputs,
            [<Optional>] threshold: Nullable<float>,
            [<Optional; DefaultParameterValue(64)>] batchSize: int
        ) : bool[] =
        use _ = torch.NewDisposeScope()
        state.Finder.IsMatch(embed (nameof x) x batchSize, embed (nameof y) y batchSize, threshold)

    /// <summary>Chooses the threshold that serves a goal best on the pairs of samples of a data set, and uses it from now on.</summary>
    /// <param name="dataset">Samples with labels: those of equal label belong together.</param>
    /// <param name="goal">Null for <c>CalibrationGoal.Accuracy</c>.</param>
    /// <param name="labelHierarchyLevel">The level of the labels, from 0.</param>
    /// <param name="maxPairs">The largest number of pairs that are compared; of more, a random sample stands for all.</param>
    /// <param name="seed">Seeds that sample.</param>
    /// <param name="batchSize">The number of samples that are embedded at once.</param>
    /// <returns>The threshold, and its scores on the pairs.</returns>
    /// <exception cref="System.ArgumentException">No two samples belong together, or all do; or an embedding is not finite.</exception>
    member _.CalibrateThreshold
        (
            dataset: TrainingData,
            [<Optional; DefaultParameterValue(null: CalibrationGoal | null)>] goal: CalibrationGoal | null,
            [<Optional; DefaultParameterValue(0)>] labelHierarchyLevel: int,
            [<Optional; DefaultParameterValue(4_000_000L)>] maxPairs: int64,
            [<Optional; DefaultParameterValue(0L)>] seed: int64,
            [<Optional; DefaultParameterValue(64)>] batchSize: int
        ) : CalibratedThreshold =
        ArgumentNullException.ThrowIfNull(dataset, nameof dataset)
        OneHot.refuse dataset
        let level = HierarchyLevel.One labelHierarchyLevel

        use found =
            DatasetEmbeddings.compute model (options batchSize { reading with Level = level }) dataset

        use labels = found.Labels.select (1L, 0L)

        let chosen =
            Validation.Calibrate(state.Finder, found.Embeddings, labels, goal, maxPairs, seed)

        state.SetThreshold chosen.Threshold
        chosen

    /// Writes networks, threshold, index and card into one safetensors file, which appears whole or not at all.
    member _.Save(path: string) : unit = state.Save(path, ValueNone)
    member internal _.SaveWith(path: string, extra: InferenceExtra) : unit = state.Save(path, ValueSome extra)

    /// Reads a file of `Save` into networks of the same shape, or changes nothing: InvalidDataException for what is no such file or is damaged,
    /// ArgumentException for other networks, or a threshold for another distance.
    member _.Load(path: string) : unit = state.Load path

    /// The card of a file of `Save`, to make networks by before they are loaded, with the errors of `Load` for what is no such file.
    static member ReadCard(path: string) : IReadOnlyDictionary<string, string> = InferenceFile.readCard path

    /// Writes the index alone, as `Save` does. InvalidOperationException if there is none.
    member _.SaveKnnFunc(path: string) : unit = state.SaveIndex path

    /// Reads the index of a file of `SaveKnnFunc` or `Save`; refused like a model's, and if its embeddings are scaled and these are not.
    member _.LoadKnnFunc(path: string) : unit = state.LoadIndex path

    /// Frees the index; the networks stay yours.
    member _.Dispose() : unit = (state :> IDisposable).Dispose()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
