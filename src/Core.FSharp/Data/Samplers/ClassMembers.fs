namespace MetricLearning

open System.Collections.Generic

/// The samples of each class, and drawing from them.
module internal ClassMembers =

    /// The samples of each class, by a label for each sample; classes in ascending order, so that only the labels count,
    /// not where they came from.
    let ofLabels (labels: IReadOnlyList<'T>) : struct ('T * int64[])[] =
        let byLabel = SortedDictionary<'T, ResizeArray<int64>>()

        for index in 0 .. labels.Count - 1 do
            match byLabel.TryGetValue labels[index] with
            | true, indices -> indices.Add(int64 index)
            | _ -> byLabel[labels[index]] <- ResizeArray [ int64 index ]

        [| for entry in byLabel -> struct (entry.Key, entry.Value.ToArray()) |]

    /// `count` different members in random order; of a smaller class as many draws with replacement.
    let draw (count: int) (seed: Seed) (members: int64[]) : int64[] =
        if members.Length >= count then
            Seed.choose count members.Length seed |> Array.map (fun place -> members[place])
        else
            Array.init count (fun index -> members[int (Seed.below members.LongLength (int64 index) seed)])
