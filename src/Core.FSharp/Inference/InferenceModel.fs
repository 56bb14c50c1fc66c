namespace MetricLearning.Core

open MetricLearning
open System
open TorchSharp

/// Trained networks in use: embeddings, nearest neighbours in an index of embeddings, and matches. Networks are looked at in
/// evaluation mode and without gradients, and stay as they were. Tensors that are given out belong to the caller, or to the
/// dispose scope that is open. Calls from several threads take turns.
[<Sealed>]
type InferenceModel(model: EmbeddingModel, settings: InferenceSettings) =
    let gate = obj ()
    let index = new EmbeddingIndex()
    let mutable finder = settings.MatchFinder
    let mutable normalize = settings.NormalizeEmbeddings
    let mutable disposed = false

    let throwIfDisposed () =
        ObjectDisposedException.ThrowIf(disposed, typeof<InferenceModel>)

    let options (batchSize: int) (reading: Reading) : EmbeddingOptions =
        throwIfDisposed ()

        { DatasetEmbeddings.defaults with
            BatchSize = batchSize
            Workers = settings.Workers
            Device = settings.Device
            Dtype = settings.Dtype
            NormalizeEmbeddings = normalize
            Reading = reading
        }

    let device () =
        match settings.Device with
        | null -> model.Device
        | given -> given

    let embed (inputs: Dataset) (batchSize: int) : torch.Tensor =
        let struct (reading, inputs) = Unlabelled.dataset settings.Reading inputs
        let found = DatasetEmbeddings.compute model (options batchSize reading) inputs
        found.Labels.Dispose()
        found.Embeddings

    let labelled (batchSize: int) (level: HierarchyLevel) : EmbeddingOptions =
        options batchSize { settings.Reading with Level = level }

    let content (index: torch.Tensor | null) : InferenceContent =
        {
            NormalizeEmbeddings = normalize
            Distance = InferenceFile.describe finder.Distance
            Threshold = finder.Threshold
            Index = index
        }

    let withIndex (act: torch.Tensor -> 'T) : 'T =
        lock gate (fun () ->
            throwIfDisposed ()

            match index.Embeddings with
            | null ->
                invalidOp "There is no index to search: give it embeddings with TrainKnn, or load one that was saved."
            | embeddings ->
                use embeddings = embeddings
                act embeddings)

    /// The networks.
    member _.Model = model

    /// Tells what matches. `CalibrateThreshold` and `Load` change its threshold.
    member _.MatchFinder = finder

    /// Whether embeddings are scaled to length 1. `Load` sets it as it was saved.
    member _.NormalizeEmbeddings = normalize

    /// How many embeddings are in the index.
    member _.IndexCount = index.Count

    /// The embeddings (N × D) of inputs; labels, if there are any, are not looked at.
    member _.GetEmbeddings(inputs: Dataset, batchSize: int) : torch.Tensor = embed inputs batchSize

    /// The embeddings (N × D) and labels (N × levels) of a data set.
    member _.GetLabelledEmbeddings(dataset: Dataset, batchSize: int) : LabelledEmbeddings =
        DatasetEmbeddings.compute model (labelled batchSize HierarchyLevel.All) dataset

    /// The embeddings and labels of a data set batch by batch, as they are asked for.
    member _.StreamEmbeddings(dataset: Dataset, batchSize: int) : seq<EmbeddedBatch> =
        DatasetEmbeddings.stream model (labelled batchSize HierarchyLevel.All) dataset

    /// Makes the embeddings of inputs the index.
    member _.TrainKnn(inputs: Dataset, batchSize: int) : unit =
        use embeddings = embed inputs batchSize
        lock gate (fun () -> index.Replace embeddings)

    /// Adds the embeddings of inputs to the index.
    member _.AddToKnn(inputs: Dataset, batchSize: int) : unit =
        use embeddings = embed inputs batchSize
        lock gate (fun () -> index.Add embeddings)

    /// The `k` nearest embeddings of the index for each input: their distances and their numbers, which count from 0 in the
    /// order in which they were added.
    /// InvalidOperationException when there is no index; ArgumentException when it has fewer than `k`.
    member _.GetNearestNeighbors(query: Dataset, k: int, batchSize: int) : Neighbours =
        use scope = torch.NewDisposeScope()
        withIndex ignore
        let embeddings = embed query batchSize

        let found =
            withIndex (fun reference -> settings.KnnFunc.Search(embeddings, int64 k, reference, false))

        scope.MoveToOuter(found.Distances, found.Indices) |> ignore
        found

    /// Which inputs match which of the inputs, each of which matches itself: (Q × Q), bool.
    /// InvalidOperationException when there is no threshold.
    member _.GetMatches(query: Dataset, threshold: Nullable<float>, batchSize: int) : torch.Tensor =
        use scope = torch.NewDisposeScope()
        scope.MoveToOuter(finder.GetMatchingPairs(embed query batchSize, null, threshold))

    /// Which inputs match which of the reference: (Q × R), bool.
    /// InvalidOperationException when there is no threshold.
    member _.GetMatches(query: Dataset, reference: Dataset, threshold: Nullable<float>, batchSize: int) : torch.Tensor =
        use scope = torch.NewDisposeScope()
        let query, reference = embed query batchSize, embed reference batchSize
        scope.MoveToOuter(finder.GetMatchingPairs(query, reference, threshold))

    /// `GetMatches` as pairs of numbers of inputs, in order.
    member _.GetMatchingTuples(query: Dataset, threshold: Nullable<float>, batchSize: int) : struct (int64 * int64)[] =
        use _ = torch.NewDisposeScope()
        finder.GetMatchingTuples(embed query batchSize, null, threshold)

    /// `GetMatches` as pairs of numbers of inputs and references, in order.
    member _.GetMatchingTuples
        (query: Dataset, reference: Dataset, threshold: Nullable<float>, batchSize: int)
        : struct (int64 * int64)[] =
        use _ = torch.NewDisposeScope()
        let query, reference = embed query batchSize, embed reference batchSize
        finder.GetMatchingTuples(query, reference, threshold)

    /// Whether each input of x matches that of y.
    /// InvalidOperationException when there is no threshold.
    member _.IsMatch(x: Dataset, y: Dataset, threshold: Nullable<float>, batchSize: int) : bool[] =
        use _ = torch.NewDisposeScope()
        finder.IsMatch(embed x batchSize, embed y batchSize, threshold)

    /// Chooses the threshold that serves the goal best for the pairs of samples of a data set, by one level of its labels, and
    /// matches by it from now on. Of more than `maxPairs` pairs a random sample is looked at.
    /// ArgumentException when no two samples belong together, or all do.
    member _.CalibrateThreshold
        (dataset: Dataset, goal: CalibrationGoal, level: int, maxPairs: int64, seed: Seed, batchSize: int)
        : CalibratedThreshold =
        use found =
            DatasetEmbeddings.compute model (labelled batchSize (HierarchyLevel.One level)) dataset

        use labels = found.Labels.select (1L, 0L)
        let chosen = Validation.calibrate goal maxPairs seed finder found.Embeddings labels
        finder <- finder.WithThreshold chosen.Threshold
        chosen

    /// Writes weights and statistics of the networks, the threshold and the index into one file, which Python can read (as
    /// safetensors). The file that was there stays when that fails.
    member _.Save(path: string) : unit =
        lock Locks.modulesAndGenerators (fun () ->
            lock gate (fun () ->
                throwIfDisposed ()
                use _ = torch.NewDisposeScope()
                InferenceFile.write path model (content index.Embeddings)))

    /// Takes over what `Save` wrote: into networks of the same shape, which must be there; index, threshold and whether
    /// embeddings are scaled become those of the file. Nothing is changed when that fails.
    /// InvalidDataException for a file that was damaged, is something else or of another version; ArgumentException for one of
    /// other networks, or of a threshold for another distance; FileNotFoundException and its like when there is none.
    member _.Load(path: string) : unit =
        use _ = torch.NewDisposeScope()
        throwIfDisposed ()
        let struct (loaded, weights) = InferenceFile.read path model
        let own = InferenceFile.describe finder.Distance

        if loaded.Threshold.HasValue && loaded.Distance <> own then
            raise (
                ArgumentException
                    $"\"{path}\" has a threshold for the distance {loaded.Distance}, but matches are found by {own}: give a MatchFinder of the distance that it was saved with."
            )

        lock Locks.modulesAndGenerators (fun () ->
            lock gate (fun () ->
                for struct (target, content) in weights do
                    Effects.overwrite target content

                normalize <- loaded.NormalizeEmbeddings

                if loaded.Threshold.HasValue then
                    finder <- finder.WithThreshold loaded.Threshold.Value

                match loaded.Index with
                | null -> index.Clear()
                | embeddings -> index.Replace(embeddings.``to`` (device ()))))

    /// Writes the index alone into a file.
    /// InvalidOperationException when there is none.
    member _.SaveKnnFunc(path: string) : unit =
        withIndex (fun embeddings -> InferenceFile.writeIndex path (content embeddings))

    /// Takes over the index of a file that `SaveKnnFunc` or `Save` wrote.
    /// InvalidDataException for a file that was damaged, is something else or of another version, or has no index;
    /// ArgumentException when its embeddings were scaled and these are not, or the other way round.
    member _.LoadKnnFunc(path: string) : unit =
        use _ = torch.NewDisposeScope()
        throwIfDisposed ()
        let loaded = InferenceFile.readIndex path

        if loaded.NormalizeEmbeddings <> normalize then
            raise (
                ArgumentException
                    $"The embeddings of \"{path}\" were made with normalizeEmbeddings = {loaded.NormalizeEmbeddings}, but here it is {normalize}: use the same."
            )

        match loaded.Index with
        | null -> ()
        | embeddings -> lock gate (fun () -> index.Replace(embeddings.``to`` (device ())))

    /// Frees the index; the networks stay their owner's.
    member _.Dispose() =
        lock gate (fun () ->
            disposed <- true
            (index :> IDisposable).Dispose())

    interface IDisposable with
        member this.Dispose() = this.Dispose()
