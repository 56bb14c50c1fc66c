namespace MetricLearning

open System
open System.Collections.Generic
open TorchSharp

/// Checks of what an index is given.
module internal IndexInput =

    /// The items, none of which is null, and whose ids differ.
    let items (items: IEnumerable<IndexItem>) : IndexItem[] =
        ArgumentNullException.ThrowIfNull(items, nameof items)
        let items = Array.ofSeq items
        let ids = HashSet items.Length

        for item in items do
            if isNull (box item) then
                invalidArg (nameof items) "An item is null: leave it out, and its vector."

            if not (ids.Add item.Id) then
                invalidArg (nameof items) $"Two items have the id {item.Id}: give each its own."

        items

    /// ArgumentException unless each item has a row.
    let checkItems (items: IndexItem[]) (vectors: torch.Tensor) : unit =
        EmbeddingChecks.areMatrices [ struct (nameof vectors, vectors) ]

        if vectors.size 0 <> items.LongLength then
            invalidArg
                (nameof vectors)
                $"There are {items.Length} items and {vectors.size 0} vectors: give a vector for each item."

    /// A vector as a matrix of one row, to be disposed.
    let row (argument: string) (vector: float32[]) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(vector, argument)

        if vector.Length = 0 then
            invalidArg argument $"{argument} has no numbers."

        torch.tensor (vector, ReadOnlySpan [| 1L; vector.LongLength |])

    /// ArgumentException unless a search can be.
    let checkSearch (k: int) (threshold: Nullable<float>) : unit =
        Ranges.atLeast 1L (nameof k) (int64 k)

        if threshold.HasValue && Double.IsNaN threshold.Value then
            invalidArg (nameof threshold) "threshold is NaN: give a number, or null for all items."

/// Searching one version of an index.
module internal IndexSearch =

    /// True if a distance is within the threshold.
    let passes (distance: Distance) (threshold: Nullable<float>) (value: float) : bool =
        not threshold.HasValue
        || (if distance.IsInverted then
                value >= threshold.Value
            else
                value <= threshold.Value)

    /// The items that are found for prepared queries.
    let find
        (search: VectorSearch)
        (version: IndexVersion)
        (queries: torch.Tensor)
        (k: int)
        (threshold: Nullable<float>)
        (filter: Func<IndexItem, bool> | null)
        : IReadOnlyList<IReadOnlyList<FoundItem>> =
        let rows = int (queries.size 0)

        if version.Count = 0 || rows = 0 then
            Array.init rows (fun _ -> Array.Empty<FoundItem>() :> _)
        else
            let keys = IndexKeys(version, filter)
            let found = search.Nearest(queries, int64 k, keys)
            let width = int (found.Indices.size 1)

            let struct (distances, indices) =
                if width = 0 then
                    struct ([||], [||])
                else
                    struct (found.Distances.to_type(torch.float64).cpu().contiguous().data<float>().ToArray(),
                            found.Indices.cpu().contiguous().data<int64>().ToArray())

            Array.init rows (fun row ->
                [|
                    for place in row * width .. (row + 1) * width - 1 do
                        let value = distances[place]

                        if passes search.Distance threshold value && keys.Contains indices[place] then
                            FoundItem(nonNull (version.TryItem indices[place]), value)
                |]
                :> _)
