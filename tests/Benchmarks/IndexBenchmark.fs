namespace MetricLearning.Benchmarks

open System
open System.Diagnostics
open TorchSharp
open MetricLearning

/// An index of a million items, one query at a time: exact search against approximate search.
module IndexBenchmark =

    let private width, k = 128L, 10

    // As trained networks place them: classes with a centre each, which vary in a few directions, and a little in all.
    let private embeddings (count: int64) (seed: uint64) : torch.Tensor =
        use scope = torch.NewDisposeScope()
        use shape = new torch.Generator(1UL)
        use sample = new torch.Generator(seed)
        let centres = torch.randn (5000L, width, generator = shape)
        let directions = torch.randn (24L, width, generator = shape)
        let rows = torch.empty (count, width)
        let block = 100_000L

        for first in 0L .. block .. count - 1L do
            use _ = torch.NewDisposeScope()
            let size = min block (count - first)
            let classes = torch.randint (5000L, [| size |], generator = sample)
            let within = torch.randn(size, 24L, generator = sample).mm directions
            let noise = torch.randn (size, width, generator = sample)

            let part =
                centres.index_select (0L, classes)
                + within * 0.15.ToScalar()
                + noise * 0.1.ToScalar()

            rows.narrow(0L, first, size).copy_ part |> ignore

        scope.MoveToOuter rows

    let private seconds (act: unit -> 'Result) : struct (float * 'Result) =
        let watch = Stopwatch.StartNew()
        let result = act ()
        struct (watch.Elapsed.TotalSeconds, result)

    // The median time of a query, and the ids that each finds.
    let private ask (index: NeighbourIndex) (queries: float32[][]) : struct (float * Set<int64>[]) =
        index.Search(queries[0], k) |> ignore

        let asked =
            [|
                for query in queries ->
                    seconds (fun () -> set [ for found in index.Search(query, k) -> found.Id.Number ])
            |]

        struct (asked
                |> Array.map (fun (struct (time, _)) -> time)
                |> Array.sort
                |> (fun all -> all[all.Length / 2]),
                asked |> Array.map (fun (struct (_, ids)) -> ids))

    let private recall (truth: Set<int64>[]) (found: Set<int64>[]) : float =
        Array.map2 (fun one other -> float (Set.count (Set.intersect one other)) / float k) truth found
        |> Array.average

    let private managed () = float (GC.GetTotalMemory true) / 1e6

    /// A million items, or fewer if quick.
    let run (quick: bool) : unit =
        let count = if quick then 50_000L else 1_000_000L
        use rows = embeddings count 2UL

        let queries =
            use asked = embeddings (if quick then 100L else 200L) 3UL
            asked.data<float32>().ToArray() |> Array.chunkBySize (int width)

        let before = managed ()

        let items =
            [|
                for id in 0L .. count - 1L -> IndexItem(ItemId.op_Implicit id, $"{id % 5000L}")
            |]

        printfn
            "%d items of %d numbers, %d queries, one at a time, on %d processors"
            count
            width
            queries.Length
            Environment.ProcessorCount

        use exact = new NeighbourIndex()
        let struct (exactBuild, ()) = seconds (fun () -> exact.Add(items, rows))
        printfn "items and their ids: %.0f MB" (managed () - before)
        let struct (exactTime, truth) = ask exact queries

        printfn
            "exact: added in %.1f s, %.0f MB of vectors, %.2f ms a query"
            exactBuild
            (float (count * width * 4L) / 1e6)
            (exactTime * 1e3)

        let search = new ApproximateSearch()
        use approximate = new NeighbourIndex(search)
        let struct (build, ()) = seconds (fun () -> approximate.Add(items, rows))
        printfn "approximate: added in %.1f s, %.0f MB of vectors and graph" build (float search.Bytes / 1e6)

        for expansion in [ 64; 128; 256; 512 ] do
            search.ExpansionSearch <- expansion
            let struct (time, found) = ask approximate queries

            printfn
                "  expansionSearch %d: %.3f ms a query, 1/%.0f of the exact time, recall@%d %.4f"
                expansion
                (time * 1e3)
                (exactTime / time)
                k
                (recall truth found)
