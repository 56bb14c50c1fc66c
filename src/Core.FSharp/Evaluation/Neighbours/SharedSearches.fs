namespace MetricLearning

open TorchSharp
open MetricLearning.Core

/// Searches of which each of several processes does a part: the neighbours of some of the queries.
module internal SharedSearches =

    // The neighbours (Q × (k + 1)) of queries from row `first` on, which may be among them, without each query itself.
    let private withoutSelf (first: int64) (found: Neighbours) : Neighbours =
        use scope = torch.NewDisposeScope()
        let queries, more = found.Indices.size 0, found.Indices.size 1

        let rows =
            (Numeric.range first (first + queries) 1L found.Indices.device).unsqueeze 1L

        let isSelf = found.Indices.eq rows
        // Where it is not among them, the last one is too many.
        let isLast =
            (Numeric.range 0L more 1L found.Indices.device).eq(Numeric.whole (more - 1L)).unsqueeze 0L

        let dropped =
            isSelf.logical_or (isLast.logical_and (isSelf.any(1L, true).logical_not()))

        let kept = dropped.logical_not ()

        let pick (tensor: torch.Tensor) =
            scope.MoveToOuter(tensor.masked_select(kept).reshape(queries, more - 1L))

        new Neighbours(pick found.Distances, pick found.Indices)

    /// The `k` nearest of finite embeddings, block by block, for the queries of this process alone.
    let inBlocks
        (processes: Processes)
        (knn: KnnFunc)
        (query: torch.Tensor)
        k
        (reference: torch.Tensor)
        includesQuery
        act
        =
        if processes.Count = 1 then
            Searches.inBlocks knn query k reference includesQuery act
        else
            let struct (first, size) =
                BatchShare.ofProcess (int (query.size 0)) processes.Rank processes.Count

            if size > 0 then
                use own = query.narrow (0L, int64 first, int64 size)
                let more = if includesQuery then 1L else 0L

                Searches.inBlocks knn own (k + more) reference false (fun start found ->
                    let start = int64 first + start

                    if includesQuery then
                        use others = withoutSelf start found
                        act start others
                    else
                        act start found)

    /// The findings of each process about its queries, (Q) in each tensor, in all processes.
    let together (processes: Processes) (found: torch.Tensor[]) : torch.Tensor[] =
        if processes.Count = 1 then
            found
        else
            processes.Meeting.Meet(Occasion.Search, [||]) |> ignore
            let rows = BatchShare.sizes (int (found[0].size 0)) processes.Count
            let first = Array.sum rows[.. processes.Rank - 1]

            found
            |> Array.map (fun all ->
                let own = all.narrow(0L, first, rows[processes.Rank]).contiguous()
                processes.Collective.Gather(own, rows))
