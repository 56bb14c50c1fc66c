namespace MetricLearning

open System
open System.Threading
open System.Threading.Tasks

/// A graph of USearch, for any number of threads. Its memory grows while nobody is in it; everything else goes on at once, on as many
/// threads as it has places for.
[<Sealed>]
type internal Graph(metric: int, dimensions: int, connectivity: int, expansionAdd: int, expansionSearch: int) =
    let threads = Environment.ProcessorCount
    let places = new SemaphoreSlim(threads, threads)
    let mutable capacity = 0L

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

    let inside (act: unit -> 'Result) : 'Result =
        places.Wait()

        try
            act ()
        finally
            places.Release() |> ignore

    let alone (act: unit -> unit) : unit =
        // One at a time, or two would wait for places that the other has.
        lock places (fun () ->
            for _ in 1..threads do
                places.Wait()

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

    let options = ParallelOptions(MaxDegreeOfParallelism = threads)

    /// The width of vectors.
    member _.Dimensions = dimensions

    /// The bytes that it takes.
    member _.Bytes: int64 =
        let mutable error = 0n
        int64 (Native.usearch_memory_usage (handle, &error))

    /// Makes room for keys below this number. One thread at a time.
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
    member _.Each(count: int, act: int -> unit) : unit =
        if count = 1 then
            act 0
        else
            Parallel.For(0, count, options, act) |> ignore

    /// Adds a vector, for which there is room.
    member _.Add(key: int64, vector: float32[]) : unit =
        inside (fun () ->
            let mutable error = 0n
            Native.usearch_add (handle, uint64 key, vector, Native.float32s, &error)
            Native.check error)

    /// Forgets a vector; its place in the graph is taken by one that is added later.
    member _.Remove(key: int64) : unit =
        inside (fun () ->
            let mutable error = 0n
            Native.usearch_remove (handle, uint64 key, &error) |> ignore
            Native.check error)

    /// The vector of a key, into this array.
    member _.Get(key: int64, vector: float32[]) : unit =
        inside (fun () ->
            let mutable error = 0n

            if Native.usearch_get (handle, uint64 key, 1un, vector, Native.float32s, &error) = 0un then
                invalidOp $"The graph has no vector with the key {key}.")

    /// The nearest keys, and their distances as USearch computes them; how many there are.
    member _.Search(query: float32[], keys: uint64[], distances: float32[]) : int =
        inside (fun () ->
            let mutable error = 0n
            let count = unativeint keys.Length

            let found =
                Native.usearch_search (handle, query, Native.float32s, count, keys, distances, &error)

            Native.check error
            int found)

    /// The same among keys that pass a filter, which raises nothing.
    member _.Search(query: float32[], keys: uint64[], distances: float32[], filter: KeyFilter) : int =
        inside (fun () ->
            let mutable error = 0n
            let count = unativeint keys.Length

            let found =
                Native.usearch_filtered_search (
                    handle,
                    query,
                    Native.float32s,
                    count,
                    filter,
                    0n,
                    keys,
                    distances,
                    &error
                )

            GC.KeepAlive filter
            Native.check error
            int found)

    interface IDisposable with
        member _.Dispose() =
            let mutable error = 0n
            Native.usearch_free (handle, &error)
            places.Dispose()
