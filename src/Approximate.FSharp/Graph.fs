namespace MetricLearning

open System
open System.Threading
open System.Threading.Tasks

/// A graph of USearch, for any number of threads. Searches go on at once, on as many threads as it has places for. Vectors are added while nobody searches,
/// a few at a time, in turns with the searches that wait: while one is linked, its neighbours lose their links for a moment, and a search
/// would lose its way. Where the graph is small, so would other additions.
[<Sealed>]
type internal Graph(metric: int, dimensions: int, connectivity: int, expansionAdd: int, expansionSearch: int) =
    let threads = Environment.ProcessorCount
    let places = new SemaphoreSlim(threads, threads)
    let mutable capacity = 0L
    let mutable size = 0
    let small = 16384

    let handle =
        let mutable error = 0n

        let mutable options =
            GraphOptions(
                Metric = metric,
                Scalars = Native.float32s,
                Dimensions = unativeint dimensions,
                Connectivity = unativeint connectivity,
                ExpansionAdd = unativeint expansionAdd,
                ExpansionSearch = unativeint expansionSearch
            )

        let handle = Native.usearch_init (&options, &error)
        Native.check error
        handle

    let mutable isFreed = false

    // In the order of coming, which a wait without a task does not promise.
    let enter () : unit = places.WaitAsync().Wait()

    // None once the graph was freed.
    let inside (act: unit -> 'Result) : 'Result voption =
        enter ()

        try
            if isFreed then ValueNone else ValueSome(act ())
        finally
            places.Release() |> ignore

    let alone (act: unit -> unit) : unit =
        // One at a time, or two would wait for places that the other has.
        lock places (fun () ->
            for _ in 1..threads do
                enter ()

            try
                act ()
            finally
                places.Release threads |> ignore)

    let reserve (needed: int64) : unit =
        alone (fun () ->
            let mutable error = 0n
            Native.usearch_reserve (handle, unativeint needed, &error)
            Native.check error
            Native.usearch_change_threads_search (handle, unativeint threads, &error)
            Native.check error
            capacity <- needed)

    /// The width of vectors.
    member _.Dimensions = dimensions

    /// The bytes that it takes.
    member _.Bytes: int64 =
        let mutable error = 0n
        int64 (Native.usearch_memory_usage (handle, &error))

    /// Makes room for slots below this number. One thread at a time.
    member _.Reserve(limit: int64) : unit =
        if limit > capacity then
            reserve (max limit (max 1024L (2L * capacity)))

    /// Searches with so many candidates from now on.
    member _.Widen(expansionSearch: int) : unit =
        alone (fun () ->
            let mutable error = 0n
            Native.usearch_change_expansion_search (handle, unativeint expansionSearch, &error)
            Native.check error)

    /// Calls `act` with the numbers from 0, on several threads.
    static member Each(count: int, act: int -> unit) : unit =
        if count = 1 then
            act 0
        else
            let options = ParallelOptions(MaxDegreeOfParallelism = Environment.ProcessorCount)
            Parallel.For(0, count, options, act) |> ignore

    /// Adds vectors under the slots from `first`, for which there is room. One thread at a time.
    member _.Add(first: int, vectors: float32[][]) : unit =
        let add (place: int) =
            let mutable error = 0n
            Native.usearch_add (handle, uint64 (first + place), vectors[place], Native.float32s, &error)
            Native.check error

        let mutable added = 0

        while added < vectors.Length do
            let begun = added
            let count = min (2 * threads) (vectors.Length - begun)

            alone (fun () ->
                if size < small then
                    for place in begun .. begun + count - 1 do
                        add place
                else
                    Graph.Each(count, (fun place -> add (begun + place))))

            size <- size + count
            added <- begun + count

    /// The vector of a slot, into this array; none once the graph was freed.
    member _.TryGet(slot: int64, vector: float32[]) : unit voption =
        inside (fun () ->
            let mutable error = 0n

            Native.usearch_get (handle, uint64 slot, 1un, vector, Native.float32s, &error)
            |> ignore

            Native.check error)

    /// The nearest slots that pass a filter, which raises nothing, and their distances as USearch computes them; how many there are. None once
    /// the graph was freed.
    member _.TrySearch(query: float32[], slots: uint64[], distances: float32[], filter: KeyFilter) : int voption =
        inside (fun () ->
            let mutable error = 0n
            let count = unativeint slots.Length

            let found =
                Native.usearch_filtered_search (
                    handle,
                    query,
                    Native.float32s,
                    count,
                    filter,
                    0n,
                    slots,
                    distances,
                    &error
                )

            GC.KeepAlive filter
            Native.check error
            int found)

    interface IDisposable with
        member _.Dispose() =
            alone (fun () ->
                if not isFreed then
                    isFreed <- true
                    let mutable error = 0n
                    Native.usearch_free (handle, &error))
