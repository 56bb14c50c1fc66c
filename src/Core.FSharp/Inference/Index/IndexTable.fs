namespace MetricLearning

open System
open System.Collections.Concurrent
open System.Collections.Generic

/// The items of an index by key and by id, in versions: a search holds the version that it began with, and a key is used again when no
/// search holds a version that has it. One thread writes at a time.
[<Sealed>]
type internal IndexTable() =
    let gate = obj ()
    let byId = ConcurrentDictionary<ItemId, IndexEntry>()
    let free = Stack<int64>()
    // Keys with the version that has them no more.
    let dead = Queue<struct (int64 * int64[])>()
    // How many searches hold a version.
    let holders = SortedDictionary<int64, int>()
    let mutable reserved = 0
    let mutable order = 0L

    let mutable current: IndexVersion =
        {
            Version = 0L
            Entries = [||]
            Limit = 0
            Count = 0
        }

    /// The items as they are now.
    member _.Current = lock gate (fun () -> current)

    /// The version as it is now, held until `Release`.
    member _.Hold() : IndexVersion =
        lock gate (fun () ->
            let already =
                match holders.TryGetValue current.Version with
                | true, several -> several
                | _ -> 0

            holders[current.Version] <- already + 1
            current)

    /// Ends a hold; true if none is left.
    member _.Release(version: IndexVersion) : bool =
        lock gate (fun () ->
            match holders[version.Version] with
            | 1 -> holders.Remove version.Version |> ignore
            | several -> holders[version.Version] <- several - 1

            holders.Count = 0)

    /// True while a search holds a version.
    member _.IsHeld: bool = lock gate (fun () -> holders.Count > 0)

    /// The item of an id and its key. On any thread.
    member _.TryEntry(id: ItemId) : IndexEntry voption =
        match byId.TryGetValue id with
        | true, entry -> ValueSome entry
        | _ -> ValueNone

    /// Keys for new items, from 0, those that were freed first.
    member _.Reserve(count: int) : int64[] =
        Array.init count (fun _ ->
            if free.Count > 0 then
                free.Pop()
            else
                reserved <- reserved + 1
                int64 (reserved - 1))

    /// Keys that no item has any more.
    member _.Free(keys: int64[]) : unit =
        for index in keys.Length - 1 .. -1 .. 0 do
            free.Push keys[index]

    /// Removed keys that no search can find any more, to be deleted and then freed.
    member _.Reclaim() : int64[] =
        lock gate (fun () ->
            let oldest =
                if holders.Count = 0 then
                    current.Version
                else
                    Seq.head holders.Keys

            [|
                while dead.Count > 0 && (let struct (version, _) = dead.Peek() in version <= oldest) do
                    let struct (_, keys) = dead.Dequeue()
                    yield! keys
            |])

    /// The next version: with new items under reserved keys, in place of those of the same ids, and without those of removed ids.
    member _.Publish(keys: int64[], items: IndexItem[], removed: int64[]) : unit =
        let before = current
        let version = before.Version + 1L
        let limit = Array.fold (fun limit key -> max limit (int key + 1)) before.Limit keys

        let entries =
            if limit <= before.Entries.Length then
                before.Entries
            else
                let larger = Array.zeroCreate (max limit (2 * before.Entries.Length))
                Array.Copy(before.Entries, larger, before.Limit)
                larger

        Array.iter2
            (fun (key: int64) (item: IndexItem) ->
                let entry = IndexEntry(item, key, version, order)
                entries[int key] <- entry
                byId[item.Id] <- entry
                order <- order + 1L)
            keys
            items

        for key in removed do
            let entry = nonNull entries[int key]
            entry.Died <- version
            // Unless another has its id by now.
            byId.TryRemove(KeyValuePair(entry.Item.Id, entry)) |> ignore

        lock gate (fun () ->
            if removed.Length > 0 then
                dead.Enqueue(struct (version, removed))

            current <-
                {
                    Version = version
                    Entries = entries
                    Limit = limit
                    Count = before.Count + keys.Length - removed.Length
                })
