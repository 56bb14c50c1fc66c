namespace MetricLearning

open System.Collections.Generic

/// Batches in which no class comes twice, of classes that each have some units to give.
module internal SpreadClasses =

    /// The number of batches of at most `width` classes that it takes to give all units.
    let count (width: int) (units: int[]) : int64 =
        let all = units |> Array.sumBy int64
        max (int64 (Array.max units)) ((all + int64 width - 1L) / int64 width)

    /// The classes of each batch. Those with most units left come first, equals by chance, which makes as few batches as there can
    /// be (Hu 1961, "Parallel sequencing and assembly line problems").
    let batches (width: int) (units: int[]) (seed: Seed) : int[][] =
        let left = Array.copy units
        let waiting = PriorityQueue<int, struct (int * int64)>()
        let found = List<int[]>()

        let wait (chosen: int) : unit =
            let draw = int64 found.Count * units.LongLength + int64 chosen
            waiting.Enqueue(chosen, struct (-left[chosen], Seed.below System.Int64.MaxValue draw seed))

        for chosen in 0 .. units.Length - 1 do
            if left[chosen] > 0 then
                wait chosen

        while waiting.Count > 0 do
            let batch = Array.init (min width waiting.Count) (fun _ -> waiting.Dequeue())
            found.Add batch

            for chosen in batch do
                left[chosen] <- left[chosen] - 1

                if left[chosen] > 0 then
                    wait chosen

        found.ToArray()

    /// Random classes, of so many, that fill up a batch of some classes to `width`.
    let others (width: int) (classes: int) (batch: int[]) (seed: Seed) : int[] =
        if batch.Length = width then
            [||]
        else
            Seed.choose width classes seed
            |> Array.except batch
            |> Array.truncate (width - batch.Length)
