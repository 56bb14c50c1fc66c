namespace MetricLearning

open System

/// An item, from the change of the index that added it to the one that removed it.
[<Sealed; AllowNullLiteral(false)>]
type internal IndexEntry(item: IndexItem, key: int64, born: int64, order: int64) =
    member _.Item = item
    member _.Key = key

    /// Counts items in the order in which they were added.
    member _.Order = order

    /// Set by the writer before a version shows it.
    member val Died = Int64.MaxValue with get, set

    member this.IsIn(version: int64) : bool = born <= version && version < this.Died

/// The items of an index after a number of changes. It never changes: an entry that a later change writes into the array, at a place
/// that was free, is not of this version.
[<ReferenceEquality>]
type internal IndexVersion =
    {
        Version: int64
        Entries: (IndexEntry | null)[]
        /// Keys are below this number.
        Limit: int
        /// The number of items.
        Count: int
    }

    /// The item of a key; null if none of this version has it.
    member version.TryItem(key: int64) : IndexItem | null =
        if key < 0L || key >= int64 version.Limit then
            null
        else
            match version.Entries[int key] with
            | null -> null
            | entry when entry.IsIn version.Version -> entry.Item
            | _ -> null

    /// All keys, in the order in which items were added.
    member version.Keys() : int64[] =
        [|
            for key in 0 .. version.Limit - 1 do
                match version.Entries[key] with
                | null -> ()
                | entry when entry.IsIn version.Version -> struct (entry.Order, entry.Key)
                | _ -> ()
        |]
        |> Array.sort
        |> Array.map (fun (struct (_, key)) -> key)

    /// All items, in the same order.
    member version.Items: IndexItem[] =
        version.Keys() |> Array.map (version.TryItem >> nonNull)

/// The keys that a search may find: those of items that are in the index when it begins, and that pass the filter.
[<Sealed; AllowNullLiteral(false)>]
type IndexKeys internal (version: IndexVersion, filter: Func<IndexItem, bool> | null) =

    /// Keys are 0 or more, and below this number.
    member _.Limit: int64 = int64 version.Limit

    /// True if every key below the limit may be found.
    member _.AreAll: bool = isNull filter && version.Count = version.Limit

    /// True if the vector with this key may be found. Any thread may ask.
    member _.Contains(key: int64) : bool =
        match version.TryItem key with
        | null -> false
        | item ->
            match filter with
            | null -> true
            | filter -> filter.Invoke item
