namespace MetricLearning

open System.Collections.Generic

/// The numbers of samples in each class and cluster.
[<ReferenceEquality>]
type internal Contingency =
    {
        /// The number of samples.
        Count: int64
        /// Samples of each class; none is 0.
        Classes: int64[]
        /// Samples of each cluster; none is 0.
        Clusters: int64[]
        /// (class, cluster, samples) of those that meet.
        Cells: struct (int * int * int64)[]
    }

/// Counting.
module internal Contingency =

    // Labels as 0, 1, … in the order they come, and how many of each.
    let private number (labels: int64[]) : struct (int[] * int64[]) =
        let places = Dictionary<int64, int>()
        let sizes = ResizeArray<int64>()

        let numbers =
            labels
            |> Array.map (fun label ->
                match places.TryGetValue label with
                | true, place ->
                    sizes[place] <- sizes[place] + 1L
                    place
                | _ ->
                    places[label] <- sizes.Count
                    sizes.Add 1L
                    sizes.Count - 1)

        struct (numbers, sizes.ToArray())

    /// Of two labellings of the same samples. ArgumentException if they differ in length.
    let ofLabels (classes: int64[]) (clusters: int64[]) : Contingency =
        if classes.Length <> clusters.Length then
            invalidArg
                (nameof clusters)
                $"There are {classes.Length} class labels and {clusters.Length} cluster labels: give one of each per sample."

        let struct (rows, classSizes) = number classes
        let struct (columns, clusterSizes) = number clusters
        let cells = Dictionary<struct (int * int), int64>()

        for sample in 0 .. rows.Length - 1 do
            let cell = struct (rows[sample], columns[sample])

            cells[cell] <-
                match cells.TryGetValue cell with
                | true, samples -> samples + 1L
                | _ -> 1L

        {
            Count = classes.LongLength
            Classes = classSizes
            Clusters = clusterSizes
            Cells =
                [|
                    for entry in cells do
                        let struct (row, column) = entry.Key
                        struct (row, column, entry.Value)
                |]
        }
