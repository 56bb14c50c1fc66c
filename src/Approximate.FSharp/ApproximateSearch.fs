namespace MetricLearning

open System
open System.Runtime.ExceptionServices
open System.Runtime.InteropServices
open TorchSharp

/// <summary>Approximate search in a graph of neighbours (HNSW, by USearch): among a million vectors in a small part of the time of <c>ExactSearch</c>, at the
/// price of a neighbour missed now and then, and of the time that building takes.</summary>
/// <remarks>Vectors are kept on the CPU in 32 bits. A filter is asked on the way through the graph; the fewer items pass, the longer the way.
/// Adding uses all processors.</remarks>
/// <example>
/// <code>
/// using var index = new NeighbourIndex(new ApproximateSearch());
/// index.Add(items, vectors);
/// index.Save("items.safetensors");
/// using var again = NeighbourIndex.Load("items.safetensors", new ApproximateSearch());
/// </code>
/// </example>
[<Sealed>]
type ApproximateSearch
    /// <summary>A search without vectors; the first ones decide the width.</summary>
    /// <param name="distance">The cosine similarity, or a Euclidean distance; null for the cosine similarity.</param>
    /// <param name="connectivity">Neighbours of each vector in the graph: more find better, and take memory.</param>
    /// <param name="expansionAdd">Candidates for them when a vector is added: more find better, and take time to build.</param>
    /// <param name="expansionSearch">Candidates when a query is searched: more find better, and take time to search.</param>
    /// <exception cref="System.ArgumentException">The distance is another one, or a number is below 1.</exception>
    (
        [<Optional; DefaultParameterValue(null: Distance | null)>] distance: Distance | null,
        [<Optional; DefaultParameterValue(16)>] connectivity: int,
        [<Optional; DefaultParameterValue(128)>] expansionAdd: int,
        [<Optional; DefaultParameterValue(320)>] expansionSearch: int
    ) =
    inherit
        VectorSearch(
            match distance with
            | null -> CosineSimilarity() :> Distance
            | given -> given
        )

    let checkCount (name: string) (value: int) =
        if value < 1 then
            raise (ArgumentException($"{name} must be at least 1, not {value}.", name))

    do
        for name, value in
            [
                nameof connectivity, connectivity
                nameof expansionAdd, expansionAdd
                nameof expansionSearch, expansionSearch
            ] do
            checkCount name value

    let metric =
        GraphMetric.ofDistance (
            match distance with
            | null -> CosineSimilarity() :> Distance
            | given -> given
        )

    let block = 16384
    let mutable expansionSearch = expansionSearch

    // Made when the width is known.
    let mutable graph: Graph voption = ValueNone

    let rowsOf (vectors: torch.Tensor) : float32[][] =
        use _ = torch.NewDisposeScope()

        if vectors.numel () = 0L then
            [||]
        else
            let width = int (vectors.size 1)

            vectors.to_type(torch.float32).cpu().contiguous().data<float32>().ToArray()
            |> Array.chunkBySize width

    let searchOne (graph: Graph) (k: int) (keys: IndexKeys) (query: float32[]) : struct (uint64[] * float32[] * int) =
        let found, distances = Array.zeroCreate<uint64> k, Array.zeroCreate<float32> k

        if keys.AreAll then
            struct (found, distances, graph.Search(query, found, distances))
        else
            // An exception must not run through native code.
            let mutable raised: ExceptionDispatchInfo voption = ValueNone

            let filter =
                KeyFilter(fun key _ ->
                    try
                        if raised.IsNone && keys.Contains(int64 key) then 1 else 0
                    with error ->
                        raised <- ValueSome(ExceptionDispatchInfo.Capture error)
                        0)

            let count = graph.Search(query, found, distances, filter)
            raised |> ValueOption.iter _.Throw()
            struct (found, distances, count)

    override _.Dimensions =
        match graph with
        | ValueSome graph -> int64 graph.Dimensions
        | ValueNone -> 0L

    override _.Insert(keys, vectors) =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)
        ArgumentNullException.ThrowIfNull(vectors, nameof vectors)
        let graph =
            match graph with
            | ValueSome graph -> graph
            | ValueNone ->
                let made =
                    new Graph(metric.Kind, int (vectors.size 1), connectivity, expansionAdd, expansionSearch)

                graph <- ValueSome made
                made

        graph.Reserve(Array.max keys + 1L)

        // The rows are copied for each call into the graph: not all at once.
        for first in 0..block .. keys.Length - 1 do
            let count = min block (keys.Length - first)
            use part = vectors.narrow (0L, int64 first, int64 count)
            let rows = rowsOf part
            graph.Each(count, (fun place -> graph.Add(keys[first + place], rows[place])))

    override _.Delete(keys) =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)
        graph |> ValueOption.iter (fun graph -> Array.iter graph.Remove keys)

    override _.Nearest(queries, k, keys) =
        ArgumentNullException.ThrowIfNull(queries, nameof queries)
        ArgumentNullException.ThrowIfNull(keys, nameof keys)

        match graph with
        | ValueNone -> invalidOp "Nothing was inserted yet."
        | ValueSome graph ->
            let rows = rowsOf queries
            let k = int (min k keys.Limit)
            let distances = Array2D.zeroCreate<float> rows.Length k
            let found = Array2D.create rows.Length k -1L

            graph.Each(
                rows.Length,
                fun row ->
                    let struct (ids, values, count) = searchOne graph k keys rows[row]

                    for place in 0 .. count - 1 do
                        found[row, place] <- int64 ids[place]
                        distances[row, place] <- metric.ToDistance values[place]
            )

            new Neighbours(torch.tensor distances, torch.tensor found)

    override _.Read(keys) =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)

        match graph with
        | ValueNone -> torch.empty (0L, 0L)
        | ValueSome graph ->
            let rows =
                Array.init keys.Length (fun _ -> Array.zeroCreate<float32> graph.Dimensions)

            graph.Each(keys.Length, (fun place -> graph.Get(keys[place], rows[place])))
            torch.tensor (Array.concat rows, ReadOnlySpan [| keys.LongLength; int64 graph.Dimensions |])

    /// <summary>Candidates when a query is searched; it may be changed between searches.</summary>
    /// <exception cref="System.ArgumentException">It is below 1.</exception>
    member _.ExpansionSearch
        with get () = expansionSearch
        and set (value: int) =
            checkCount (nameof expansionSearch) value
            expansionSearch <- value
            graph |> ValueOption.iter _.Widen(value)

    /// The bytes that the graph and its vectors take.
    member _.Bytes: int64 =
        match graph with
        | ValueSome graph -> graph.Bytes
        | ValueNone -> 0L

    override _.Dispose() =
        graph |> ValueOption.iter (fun graph -> (graph :> IDisposable).Dispose())
