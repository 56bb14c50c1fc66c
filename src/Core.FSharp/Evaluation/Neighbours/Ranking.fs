namespace MetricLearning

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

    /// The given number of first columns.
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

    /// The same as `inOrder`, faster where few numbers are equal.
    let inOrderOfNumbers (found: Ranked) : Ranked =
        let struct (values, place) = found.Values.sort 1L

        let ranked =
            {
                Values = values
                Columns = found.Columns.gather (1L, place)
            }

        orderTies ranked
        ranked

    // The smallest of all columns, and whether a row has others that are as small as its last one.
    let private directly (count: int64) (values: torch.Tensor) : struct (Ranked * torch.Tensor) =
        // One more, to see it.
        let struct (best, columns) =
            values.topk (int count + 1, 1, largest = false, sorted = true)

        let last = best.select (1L, count - 1L)
        let isOpen = last.eq(best.select (1L, count)).logical_or_(last.isnan ())
        struct (first count { Values = best; Columns = columns }, isOpen)

    // The same in a third of the time. Columns g, g + G, g + 2G, … are group g; the smallest numbers of a row are in the groups
    // whose smallest numbers are the smallest.
    let private inGroups (size: int64) (count: int64) (values: torch.Tensor) : struct (Ranked * torch.Tensor) =
        let rows, width = values.size 0, values.size 1
        let groups = width / size
        let inner = size * groups

        let smallest = values.narrow(1L, 0L, inner).view(rows, size, groups).amin [| 1L |]

        let struct (best, chosen) =
            smallest.topk (int count + 1, 1, largest = false, sorted = true)

        let numbers (first: int64) (stop: int64) (step: int64) =
            Numeric.range first stop step values.device

        let columns =
            (chosen.narrow(1L, 0L, count).unsqueeze 2L .+. numbers 0L inner groups).view(rows, count * size)

        let columns =
            if inner = width then
                columns
            else
                torch.cat ([| columns; (numbers inner width 1L).expand(rows, width - inner) |], 1L)

        let struct (ranked, isOpen) = directly count (values.gather (1L, columns))
        let last = ranked.Values.select (1L, count - 1L)

        // What is left out must be larger. The smallest of a group with NaN is NaN, which says nothing of the others there.
        let isUnsure =
            last.lt(best.select (1L, count)).logical_not_().logical_or_(smallest.isnan().any 1L)

        struct ({ ranked with
                    Columns = columns.gather (1L, ranked.Columns)
                },
                isOpen.logical_or_ isUnsure)

    /// The smallest `count` of every row's numbers, in order. Sorting whole rows, where a choice among equals needs it,
    /// takes at most `atOnce` numbers at a time.
    let smallest (count: int64) (atOnce: int64) (values: torch.Tensor) : Ranked =
        let width = values.size 1

        if count >= width then
            all values
        else
            // Then groups and what is in the chosen ones are as many.
            let size = int64 (sqrt (float width / float count))

            let struct (ranked, isOpen) =
                if size >= 4L then
                    inGroups size count values
                else
                    directly count values

            let rows = rowsOf isOpen

            if rows.size 0 > 0L then
                for chunk in rows.split (max 1L (atOnce / width)) do
                    replace chunk (first count (sortRows (values.index_select (0L, chunk)))) ranked

            orderTies ranked
            ranked
