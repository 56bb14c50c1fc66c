namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// <summary>Approximate search in a graph of neighbours (HNSW, by USearch): among a million vectors in a small part of the time of <c>ExactSearch</c>, at the
/// price of a neighbour missed now and then, and of the time that building takes.</summary>
/// <remarks>Vectors are kept on the CPU in 32 bits. A filter is asked on the way through the graph; the fewer items pass, the longer the way;
/// it must not use the index itself.
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
        [<Optional; DefaultParameterValue(128)>] expansionSearch: int
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

    // Made when the width is known, and anew when most of it are waymarks.
    let mutable current: KeyedGraph voption = ValueNone

    let make (dimensions: int) : KeyedGraph =
        KeyedGraph(new Graph(metric.Kind, dimensions, connectivity, expansionAdd, expansionSearch))

    // A graph that was freed meanwhile has been replaced.
    let rec asking (act: KeyedGraph -> 'Result voption) : 'Result =
        match current with
        | ValueNone -> invalidOp "Nothing was inserted yet."
        | ValueSome graph ->
            match act graph with
            | ValueSome result -> result
            | ValueNone -> asking act

    let rowsOf (vectors: torch.Tensor) : float32[][] =
        use _ = torch.NewDisposeScope()

        if vectors.numel () = 0L then
            [||]
        else
            let width = int (vectors.size 1)

            vectors.to_type(torch.float32).cpu().contiguous().data<float32>().ToArray()
            |> Array.chunkBySize width

    let get (keys: int64[]) (graph: KeyedGraph) : float32[][] voption =
        let rows =
            Array.init keys.Length (fun _ -> Array.zeroCreate<float32> graph.Graph.Dimensions)

        if Array.forall2 (fun key row -> (graph.TryGet(key, row)).IsSome) keys rows then
            ValueSome rows
        else
            ValueNone

    // Searches go on in the old graph until the new one is there.
    let rebuild (old: KeyedGraph) : unit =
        let made = make old.Graph.Dimensions

        for keys in Array.chunkBySize block old.Keys do
            get keys old |> ValueOption.iter (fun rows -> made.Insert(keys, rows))

        current <- ValueSome made
        (old.Graph :> IDisposable).Dispose()

    override _.Dimensions =
        match current with
        | ValueSome graph -> int64 graph.Graph.Dimensions
        | ValueNone -> 0L

    override this.Insert(keys, vectors) =
        this.CheckInsert(keys, vectors)

        let graph =
            match current with
            | ValueSome graph -> graph
            | ValueNone ->
                let made = make (int (vectors.size 1))
                current <- ValueSome made
                made

        // The rows are copied for each call into the graph: not all at once.
        for first in 0..block .. keys.Length - 1 do
            let count = min block (keys.Length - first)
            use part = vectors.narrow (0L, int64 first, int64 count)
            graph.Insert(Array.sub keys first count, rowsOf part)

    override _.Delete(keys) =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)

        match current with
        | ValueNone -> ()
        | ValueSome graph ->
            Array.iter graph.Delete keys

            if graph.Waymarks > max 4096 graph.Keys.Length then
                rebuild graph

    override this.Nearest(queries, k, keys) =
        this.CheckNearest(queries, k, keys)
        let rows = rowsOf queries
        let k = int (min k keys.Limit)
        let distances = Array2D.zeroCreate<float> rows.Length k
        let found = Array2D.create rows.Length k -1L

        let search (row: int) =
            asking (fun graph ->
                let ids, values = Array.zeroCreate<int64> k, Array.zeroCreate<float32> k
                let count = graph.TrySearch(rows[row], ids, values, keys)

                for place in 0 .. ValueOption.defaultValue 0 count - 1 do
                    found[row, place] <- ids[place]
                    distances[row, place] <- metric.ToDistance values[place]

                count)
            |> ignore

        Graph.Each(rows.Length, search)
        new Neighbours(torch.tensor distances, torch.tensor found)

    override _.Read(keys) =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)

        if keys.Length = 0 then
            torch.empty (0L, 0L)
        else
            let rows = asking (get keys)
            torch.tensor (Array.concat rows, ReadOnlySpan [| keys.LongLength; rows[0].LongLength |])

    /// <summary>Candidates when a query is searched; it may be changed between searches.</summary>
    /// <exception cref="System.ArgumentException">It is below 1.</exception>
    member _.ExpansionSearch
        with get () = expansionSearch
        and set (value: int) =
            checkCount (nameof expansionSearch) value
            expansionSearch <- value
            current |> ValueOption.iter _.Graph.Widen(value)

    /// The bytes that the graph and its vectors take.
    member _.Bytes: int64 =
        match current with
        | ValueSome graph -> graph.Graph.Bytes
        | ValueNone -> 0L

    override _.Dispose() =
        current
        |> ValueOption.iter (fun graph -> (graph.Graph :> IDisposable).Dispose())
