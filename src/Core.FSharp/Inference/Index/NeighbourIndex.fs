namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.InteropServices
open TorchSharp

/// <summary>Items that are searched by their vectors: each has an id, labels and a payload. Exact by default; by another search where
/// it is made with one.</summary>
/// <remarks>
/// Any number of threads may search, add and remove at once. A search sees the index as it is when it begins, every change whole or not at all,
/// and waits for none; changes wait for each other. Vectors are kept as the distance compares them: scaled to length 1, if it
/// normalizes.
/// </remarks>
/// <example>
/// <code>
/// using var index = new NeighbourIndex();
/// index.Add(new IndexItem("red-1", "red", payload: "red/1.png"), new float[] { 1f, 0f });
/// var nearest = index.Search(new float[] { 0.9f, 0.1f }, k: 5)[0];
/// Console.WriteLine($"{nearest.Id} of class {nearest.Label} at {nearest.Distance:F3}");
/// </code>
/// </example>
[<Sealed>]
type NeighbourIndex
    /// <summary>An empty index.</summary>
    /// <param name="vectors">How vectors are kept and searched, which belongs to the index from now on; null for exact search by the cosine
    /// similarity, <c>new ExactSearch()</c>.</param>
    ([<Optional; DefaultParameterValue(null: VectorSearch | null)>] vectors: VectorSearch | null) =
    let contents =
        IndexContents(
            match vectors with
            | null -> new ExactSearch() :> VectorSearch
            | given -> given
        )

    let put (mayReplace: bool) (items: IEnumerable<IndexItem>) (vectors: torch.Tensor) : unit =
        let items = IndexInput.items items
        IndexInput.checkItems items vectors
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        contents.Put(mayReplace, items, PreparedVectors.prepare (nameof vectors) vectors)

    /// The number of items.
    member _.Count: int = contents.Now.Current.Count

    /// The width of vectors; 0 before the first ones.
    member _.Dimensions: int64 = contents.Now.Vectors.Dimensions

    /// The distance, or similarity, that is searched by.
    member _.Distance: Distance = contents.Now.Vectors.Distance

    /// The items, in the order in which they were added.
    member _.Items: IReadOnlyList<IndexItem> =
        contents.Read(fun _ version -> version.Items :> IReadOnlyList<IndexItem>)

    /// True if there is an item of this id.
    member _.Contains(id: ItemId) : bool = (contents.Now.TryEntry id).IsSome

    /// The item of this id; null if there is none.
    member _.Find(id: ItemId) : IndexItem | null =
        match contents.Now.TryEntry id with
        | ValueSome entry -> entry.Item
        | ValueNone -> null

    /// <summary>Adds items, all or none.</summary>
    /// <param name="items">Of ids that the index does not have.</param>
    /// <param name="vectors">(N × D): one row an item. They are copied.</param>
    /// <exception cref="System.ArgumentException">An id is there already, or twice; or vectors are not a matrix of one finite row an item, as wide as
    /// those of the index.</exception>
    member _.Add(items: IEnumerable<IndexItem>, vectors: torch.Tensor) : unit = put false items vectors

    /// The same for one item.
    member this.Add(item: IndexItem, vector: float32[]) : unit =
        ArgumentNullException.ThrowIfNull(item, nameof item)
        use row = IndexInput.row (nameof vector) vector
        this.Add([| item |], row)

    /// <summary>Adds items, and replaces those that have the same ids, all in one step.</summary>
    /// <param name="items">Of ids all of which differ.</param>
    /// <param name="vectors">(N × D): one row an item. They are copied.</param>
    /// <exception cref="System.ArgumentException">An id is there twice; or vectors are not a matrix of one finite row an item, as wide as
    /// those of the index.</exception>
    member _.Put(items: IEnumerable<IndexItem>, vectors: torch.Tensor) : unit = put true items vectors

    /// The same for one item.
    member this.Put(item: IndexItem, vector: float32[]) : unit =
        ArgumentNullException.ThrowIfNull(item, nameof item)
        use row = IndexInput.row (nameof vector) vector
        this.Put([| item |], row)

    /// Removes the items of these ids in one step, and returns how many there were. Others are passed over.
    member _.Remove(ids: IEnumerable<ItemId>) : int =
        ArgumentNullException.ThrowIfNull(ids, nameof ids)
        contents.Remove(ids |> Seq.distinct |> Array.ofSeq)

    /// Removes an item; false if there was none of this id.
    member this.Remove(id: ItemId) : bool = this.Remove [| id |] = 1

    /// <summary>The nearest items for each query, nearest first: at most k, and fewer where there are not so many.</summary>
    /// <param name="queries">(Q × D).</param>
    /// <param name="k">The largest number of items to find for each.</param>
    /// <param name="threshold">Only items at this distance or nearer; by a similarity, at least so similar. Null for all.</param>
    /// <param name="filter">Only items that pass it, of which the nearest are found all the same. It is asked about any items, and must give the same answer
    /// whenever it is asked. Null for all.</param>
    /// <exception cref="System.ArgumentException">Queries are no matrix of finite numbers as wide as those of the index; k is below 1; the threshold is NaN.</exception>
    member _.Search
        (
            queries: torch.Tensor,
            k: int,
            [<Optional>] threshold: Nullable<float>,
            [<Optional; DefaultParameterValue(null: Func<IndexItem, bool> | null)>] filter: Func<IndexItem, bool> | null
        ) : IReadOnlyList<IReadOnlyList<FoundItem>> =
        IndexInput.checkSearch k threshold
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()

        contents.Read(fun shelf version ->
            let prepared = PreparedVectors.prepare (nameof queries) queries shelf.Vectors
            IndexSearch.find shelf.Vectors version prepared k threshold filter)

    /// The same for one query.
    member this.Search
        (
            query: float32[],
            k: int,
            [<Optional>] threshold: Nullable<float>,
            [<Optional; DefaultParameterValue(null: Func<IndexItem, bool> | null)>] filter: Func<IndexItem, bool> | null
        ) : IReadOnlyList<FoundItem> =
        use row = IndexInput.row (nameof query) query
        this.Search(row, k, threshold, filter)[0]

    /// <summary>The vectors of items (N × D), as they are compared. You own the tensor.</summary>
    /// <exception cref="System.ArgumentException">There is no item of one of these ids.</exception>
    member _.GetVectors(ids: IEnumerable<ItemId>) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(ids, nameof ids)

        contents.Read(fun shelf _ ->
            [|
                for id in ids do
                    match shelf.TryEntry id with
                    | ValueSome entry -> entry.Key
                    | ValueNone -> invalidArg (nameof ids) $"The index has no item with the id {id}."
            |]
            |> shelf.Vectors.Read)

    /// <summary>Takes all that another index has, in one step, in place of what is here: searches that have begun go on with the old items. The other
    /// index is disposed.</summary>
    /// <exception cref="System.ArgumentException">It is this index.</exception>
    member this.TakeOver(other: NeighbourIndex) : unit =
        ArgumentNullException.ThrowIfNull(other, nameof other)

        if obj.ReferenceEquals(this, other) then
            invalidArg (nameof other) "An index cannot take over itself."

        contents.TakeOver other.Contents

    member private _.Contents = contents

    member internal _.Read(act: IndexShelf -> IndexVersion -> 'Result) : 'Result = contents.Read act

    /// The items and vectors as a file has them. Tensors belong to the scope.
    member internal _.Content: InferenceExtra =
        contents.Read(fun shelf version ->
            let vectors = shelf.Vectors.Read(version.Keys())
            IndexFile.contentOf shelf.Vectors.Distance version.Items vectors)

    /// <summary>Writes items and vectors into a safetensors file, which appears whole or not at all.</summary>
    /// <exception cref="System.IO.IOException">The file cannot be written; an earlier one is still there.</exception>
    member this.Save(path: string) : unit =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)
        use _ = torch.NewDisposeScope()
        IndexFile.write path this.Content

    /// <summary>The index of a file of <c>Save</c>, or of a model that was saved with one.</summary>
    /// <param name="path">The file, nothing of which is executed.</param>
    /// <param name="vectors">How vectors are kept and searched, by the distance that they were saved for; null for exact search by the cosine similarity. If
    /// there is an error it is disposed.</param>
    /// <exception cref="System.IO.InvalidDataException">The file is damaged, of another kind or version, or has no items.</exception>
    /// <exception cref="System.ArgumentException">Its items are compared by another distance.</exception>
    static member Load
        (path: string, [<Optional; DefaultParameterValue(null: VectorSearch | null)>] vectors: VectorSearch | null)
        : NeighbourIndex =
        ArgumentException.ThrowIfNullOrWhiteSpace(path, nameof path)
        let index = new NeighbourIndex(vectors)

        try
            use _ = torch.NewDisposeScope()
            let struct (items, prepared) = IndexFile.read path index.Distance
            index.Contents.Put(false, items, (fun _ -> prepared))
            index
        with _ ->
            index.Dispose()
            reraise ()

    /// Frees the vectors, when the last search that has begun is through.
    member _.Dispose() : unit = contents.Free()

    interface IDisposable with
        member this.Dispose() = this.Dispose()
