namespace MetricLearning

open System
open System.Collections.Concurrent
open TorchSharp
open MetricLearning.Core

/// The part of an inference model that changes in use: index, threshold and normalization. One thread at a time.
[<Sealed>]
type internal InferenceState
    (
        model: EmbeddingModel,
        device: torch.Device | null,
        finder: MatchFinder | null,
        knnFunc: KnnFunc | null,
        normalizeEmbeddings: bool
    ) =
    let gate = obj ()
    // A knnFunc of the user's need not expect several threads.
    let searching = obj ()
    let index = new EmbeddingRows()
    let card = ConcurrentDictionary<string, string>()
    let mutable normalize = normalizeEmbeddings
    let mutable disposed = false

    let mutable finder =
        match finder with
        | null -> MatchFinder(threshold = 0.9)
        | given -> given

    let knn =
        match knnFunc with
        | null -> CustomKNN.SquaredEuclidean :> KnnFunc
        | given -> given

    let throwIfDisposed () =
        if disposed then
            raise (ObjectDisposedException "InferenceModel")

    let content (index: torch.Tensor | null) : InferenceContent =
        {
            NormalizeEmbeddings = normalize
            Distance = InferenceFile.describe finder.Distance
            Threshold = finder.Threshold
            Card = card
            Index = index
        }

    let replaceIndex (embeddings: torch.Tensor) : unit =
        let device =
            match device with
            | null -> model.Device
            | given -> given

        index.Replace(embeddings.``to`` device)

    /// Decides what matches.
    member _.Finder = finder

    /// True if embeddings are scaled to length 1.
    member _.Normalize = normalize

    /// The model's card, in words of its owner.
    member _.Card = card

    /// The number of embeddings in the index.
    member _.IndexCount = index.Count

    /// Matches by this threshold from now on.
    member _.SetThreshold(threshold: float) : unit =
        finder <- finder.WithThreshold threshold

    /// Makes embeddings the index.
    member _.Replace(embeddings: torch.Tensor) : unit =
        lock gate (fun () -> index.Replace embeddings)

    /// Adds embeddings to the index.
    member _.Add(embeddings: torch.Tensor) : unit =
        lock gate (fun () -> index.Add embeddings)

    /// The index as it is now, to be disposed; rows that are added later do not show in it.
    /// InvalidOperationException when it is empty.
    member _.Index() : torch.Tensor =
        lock gate (fun () ->
            throwIfDisposed ()

            match index.All with
            | null ->
                invalidOp "There is no index to search: give it embeddings with TrainKnn, or load one that was saved."
            | embeddings -> embeddings)

    /// The nearest embeddings of the index. InvalidOperationException when it is empty, ArgumentException when it has fewer, or
    /// narrower or wider ones.
    member this.Search(query: torch.Tensor, k: int64) : Neighbours =
        use index = this.Index()
        EmbeddingChecks.areMatrices [ struct (nameof query, query); struct (nameof index, index) ]
        lock searching (fun () -> Searches.search knn query k index)

    /// Writes networks and state, and what else is to be in the file.
    member _.Save(path: string, extra: InferenceExtra voption) : unit =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)

        Locks.holding model.Turns (fun () ->
            lock gate (fun () ->
                throwIfDisposed ()
                use _ = torch.NewDisposeScope()
                InferenceFile.write path model (content index.All) extra))

    /// Reads networks and state. Everything is read and checked before anything changes.
    member _.Load(path: string) : unit =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)
        use _ = torch.NewDisposeScope()
        throwIfDisposed ()
        let struct (loaded, weights) = InferenceFile.read path model
        let own = InferenceFile.describe finder.Distance

        if loaded.Threshold.HasValue && loaded.Distance <> own then
            raise (
                ArgumentException
                    $"\"{path}\" has a threshold for the distance {loaded.Distance}, but matches are found by {own}: give a MatchFinder of the distance that it was saved with."
            )

        Locks.holding model.Turns (fun () ->
            lock gate (fun () ->
                Locks.noteChange model.Turns

                for struct (target, content) in weights do
                    Effects.overwrite target content

                normalize <- loaded.NormalizeEmbeddings
                card.Clear()

                for KeyValue(key, value) in loaded.Card do
                    card[key] <- value

                if loaded.Threshold.HasValue then
                    finder <- finder.WithThreshold loaded.Threshold.Value

                match loaded.Index with
                | null -> index.Clear()
                | embeddings -> replaceIndex embeddings))

    /// Writes the index alone.
    member this.SaveIndex(path: string) : unit =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)
        use embeddings = this.Index()
        InferenceFile.writeIndex path (content embeddings)

    /// Reads an index. ArgumentException when its embeddings are scaled and these are not, or the other way round.
    member _.LoadIndex(path: string) : unit =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)
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
        | embeddings -> lock gate (fun () -> replaceIndex embeddings)

    /// ObjectDisposedException after `Dispose`.
    member _.ThrowIfDisposed() : unit = throwIfDisposed ()

    interface IDisposable with
        member _.Dispose() =
            lock gate (fun () ->
                disposed <- true
                (index :> IDisposable).Dispose())
