namespace MetricLearning.Core

open MetricLearning

/// Passes over the data that are not a function of seed and number alone.
module internal SharedOrder =

    /// The cursor with its pass drawn by the first process, or by all of them together.
    let draw (processes: Processes) (order: DataOrder) (seed: Seed) (cursor: Cursor) : Cursor =
        if processes.Count = 1 then
            order.Draw(seed, cursor)
        elif order.IsDrawnTogether then
            let drawn = order.DrawTogether(processes, seed, cursor)
            // Machines of two kinds may round differently.
            FromFirst.numbers processes Occasion.Order (fun () -> Cursor.toNumbers drawn)
            |> Cursor.ofNumbers
        else
            FromFirst.numbers processes Occasion.Order (fun () -> Cursor.toNumbers (order.Draw(seed, cursor)))
            |> Cursor.ofNumbers
