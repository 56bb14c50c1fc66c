namespace MetricLearning.Core

open TorchSharp

/// Numbers in columns, and the columns they stand for: (Q × c) each.
[<ReferenceEquality>]
type internal Ranked =
    {
        Values: torch.Tensor
        /// Int64.
        Columns: torch.Tensor
    }

/// Smallest numbers of rows, in the order of (number, column), with NaN after everything.
module internal Ranking =

    // What libtorch calls sorting and choosing leave open among equals is decided here.

    let private sortRows (values: torch.Tensor) : Ranked =
        let struct (values, columns) = values.sort (1L, stable = true)
        { Values = values; Columns = columns }

    /// Every column, in order.
    let all (values: torch.Tensor) : Ranked = sortRows values

    /// Any columns, in order.
    let inOrder (found: Ranked) : Ranked =
        let struct (columns, place) = found.Columns.sort 1L
        let ranked = sortRows (found.Values.gather (1L, place))

        {
            Values = ranked.Values
            Columns = columns.gather (1L, ranked.Columns)
        }

    /// The first so many.
    let first (count: int64) (ranked: Ranked) : Ranked =
        if ranked.Values.size 1 = count then
            ranked
        else
            {
                Values = ranked.Values.narrow (1L, 0L, count)
                Columns = ranked.Columns.narrow (1L, 0L, count)
            }

    /// The rows that an (n) mask names.
    let private rowsOf (mask: torch.Tensor) : torch.Tensor = mask.nonzero().squeeze_ 1L

    let private pick (rows: torch.Tensor) (ranked: Ranked) : Ranked =
        {
            Values = ranked.Values.index_select (0L, rows)
            Columns = ranked.Columns.index_select (0L, rows)
        }

    let private replace (rows: torch.Tensor) (better: Ranked) (ranked: Ranked) : unit =
        ranked.Values.index_copy_ (0L, rows, better.Values) |> ignore
        ranked.Columns.index_copy_ (0L, rows, better.Columns) |> ignore

    // Equals inside a row, in the order of their columns.
    let private orderTies (ranked: Ranked) : unit =
        let count = ranked.Values.size 1

        if count > 1L then
            let before = ranked.Values.narrow (1L, 0L, count - 1L)
            let after = ranked.Values.narrow (1L, 1L, count - 1L)
            // NaN equals nothing, and comes last.
            let tied =
                before.eq(after).any(1L)
                |> fun ties -> ties.logical_or_ (ranked.Values.select(1L, count - 1L).isnan())

            let rows = rowsOf tied

            if rows.size 0 > 0L then
                replace rows (inOrder (pick rows ranked)) ranked

    /// The smallest `count` of every row's numbers, in order. Sorting whole rows, where a choice among equals needs it,
    /// takes at most `atOnce` numbers at a time.
    let smallest (count: int64) (atOnce: int64) (values: torch.Tensor) : Ranked =
        let width = values.size 1

        if count >= width then
            all values
        else
            // One more, to see whether others are as small as the last one.
            let struct (best, columns) =
                values.topk (int count + 1, 1, largest = false, sorted = true)

            let last = best.select (1L, count - 1L)
            let isOpen = last.eq(best.select (1L, count)).logical_or_(last.isnan ())
            let ranked = first count { Values = best; Columns = columns }
            let rows = rowsOf isOpen

            for chunk in rows.split (max 1L (atOnce / width)) do
                if chunk.size 0 > 0L then
                    replace chunk (first count (sortRows (values.index_select (0L, chunk)))) ranked

            orderTies ranked
            ranked
