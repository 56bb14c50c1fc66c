namespace MetricLearning.Core

open MetricLearning

/// Passes over the data that are not a function of seed and number alone.
module internal SharedOrder =

    /// The cursor with its pass drawn by the first process.
    let draw (processes: Processes) (order: DataOrder) (seed: Seed) (cursor: Cursor) : Cursor =
        if processes.Count = 1 then
            order.Draw(seed, cursor)
        else
            FromFirst.numbers processes Occasion.Order (fun () -> Cursor.toNumbers (order.Draw(seed, cursor)))
            |> Cursor.ofNumbers
