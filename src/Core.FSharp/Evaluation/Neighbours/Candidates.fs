namespace MetricLearning

open TorchSharp

/// Possible neighbours of the queries that begin at a row.
module internal Candidates =

    /// A row is as far from itself as can be.
    let hideSelf (firstRow: int64) (firstColumn: int64) (scores: torch.Tensor) : unit =
        let first = max firstRow firstColumn
        let count = min (firstRow + scores.size 0) (firstColumn + scores.size 1) - first

        if count > 0L then
            let self =
                scores.narrow(0L, first - firstRow, count).narrow(1L, first - firstColumn, count).diagonal()

            self.fill_ (Numeric.scalar infinity) |> ignore

    /// A query itself, if it is there, after all others: their distances may be infinite or NaN.
    let selfLast (firstRow: int64) (ranked: Ranked) : Ranked =
        let stop = firstRow + ranked.Columns.size 0
        let rows = (Numeric.range firstRow stop 1L ranked.Columns.device).unsqueeze_ 1L
        let isSelf = ranked.Columns.eq rows

        if isSelf.any().item<bool>() then
            let struct (_, place) = isSelf.to_type(torch.uint8).sort(1L, stable = true)

            {
                Values = ranked.Values.gather (1L, place)
                Columns = ranked.Columns.gather (1L, place)
            }
        else
            ranked

    /// The same candidates with their nearness computed pair by pair, in blocks that stay in the processor's cache.
    let again
        (struct (query: torch.Tensor, reference: torch.Tensor, compute: torch.Tensor -> torch.Tensor -> torch.Tensor))
        (first: int64)
        (found: Ranked)
        : Ranked =
        let rows, count = found.Columns.size 0, found.Columns.size 1
        let block = max 1L (262144L / (count * query.size 1 + 1L))
        let values = torch.empty_like found.Values

        for start in 0L .. block .. rows - 1L do
            use _ = torch.NewDisposeScope()
            let size = min block (rows - start)
            let columns = found.Columns.narrow (0L, start, size)

            let references =
                reference.index_select(0L, columns.reshape [| -1L |]).view(size, count, -1L)

            values
                .narrow(0L, start, size)
                .copy_(compute (query.narrow(0L, first + start, size).unsqueeze 1L) references)
            |> ignore

        { found with Values = values }
