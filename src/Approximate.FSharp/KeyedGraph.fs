namespace MetricLearning

open System
open System.Collections.Concurrent
open System.Runtime.ExceptionServices

/// Vectors by key in a graph. One that is deleted stays in the graph as a waymark, which leads to others and is not found itself. One thread
/// writes at a time.
[<Sealed>]
type internal KeyedGraph(graph: Graph) =
    let slotOf = ConcurrentDictionary<int64, int64>()
    // −1 where it was deleted.
    let mutable keyOf: int64[] = [||]
    let mutable used = 0

    let makeRoom () : unit =
        if used > keyOf.Length then
            let larger = Array.create (max used (2 * keyOf.Length)) -1L
            Array.Copy(keyOf, larger, keyOf.Length)
            keyOf <- larger

    /// The graph.
    member _.Graph = graph

    /// The keys of all vectors.
    member _.Keys: int64[] = slotOf.Keys |> Array.ofSeq

    /// The number of places that are taken by vectors that were deleted.
    member _.Waymarks: int = used - slotOf.Count

    /// Adds vectors.
    member _.Insert(keys: int64[], rows: float32[][]) : unit =
        let first = used
        used <- used + keys.Length
        makeRoom ()
        graph.Reserve(int64 used)

        Array.blit keys 0 keyOf first keys.Length

        try
            graph.Add(first, rows)
            Array.iteri (fun place key -> slotOf[key] <- int64 (first + place)) keys
        with _ ->
            Array.Fill(keyOf, -1L, first, keys.Length)
            reraise ()

    /// Hides a vector, if there is one.
    member _.Delete(key: int64) : unit =
        match slotOf.TryRemove key with
        | true, slot -> keyOf[int slot] <- -1L
        | _ -> ()

    /// The vector of a key, into this array; none once the graph was freed.
    member _.TryGet(key: int64, vector: float32[]) : unit voption =
        match slotOf.TryGetValue key with
        | true, slot -> graph.TryGet(slot, vector)
        | _ -> invalidArg "keys" $"{key} is no key of a vector."

    /// The nearest of these keys, and their distances as USearch computes them; how many there are. None once the graph was freed.
    member _.TrySearch(query: float32[], found: int64[], distances: float32[], keys: IndexKeys) : int voption =
        let slots = Array.zeroCreate<uint64> found.Length
        // What is added meanwhile is not among the keys.
        let keyOf = keyOf
        // An exception must not run through native code.
        let mutable raised: ExceptionDispatchInfo voption = ValueNone

        let filter =
            KeyFilter(fun slot _ ->
                try
                    if raised.IsNone && slot < uint64 keyOf.Length && keys.Contains keyOf[int slot] then
                        1
                    else
                        0
                with error ->
                    raised <- ValueSome(ExceptionDispatchInfo.Capture error)
                    0)

        let count = graph.TrySearch(query, slots, distances, filter)
        raised |> ValueOption.iter _.Throw()

        match count with
        | ValueSome count ->
            for place in 0 .. count - 1 do
                found[place] <- keyOf[int slots[place]]
        | ValueNone -> ()

        count
