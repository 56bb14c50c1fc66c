namespace MetricLearning

open System

/// Vectors with their items: what an index has, and gives up as a whole for another. It is freed when the last search among it ends.
[<Sealed>]
type internal IndexShelf(vectors: VectorSearch) =
    let table = IndexTable()
    let gate = obj ()
    let mutable isRetired = false
    let mutable isFreed = false

    let freeIfDone () =
        let isDone =
            lock gate (fun () ->
                let isDone = isRetired && not isFreed && not table.IsHeld
                isFreed <- isFreed || isDone
                isDone)

        if isDone then
            vectors.Dispose()

    // What no search can find any more. An error leaves memory in use, and is the next writer's to meet.
    let reclaim () =
        match table.Reclaim() with
        | [||] -> ()
        | keys ->
            vectors.Delete keys
            table.Free keys

    /// The search of vectors.
    member _.Vectors = vectors

    /// The items as they are now.
    member _.Current = table.Current

    /// The item of an id.
    member _.TryEntry(id: ItemId) = table.TryEntry id

    /// The version as it is now, which stays whole until `Release`.
    member _.Hold() : IndexVersion = table.Hold()

    /// Ends a hold.
    member _.Release(version: IndexVersion) : unit =
        if table.Release version then
            freeIfDone ()

    /// Adds items with their vectors and removes items by key, in one step as searches see it. One thread at a time.
    member _.Change(items: IndexItem[], prepared: TorchSharp.torch.Tensor | null, removed: int64[]) : unit =
        reclaim ()
        let keys = table.Reserve items.Length

        match prepared with
        | null -> ()
        | prepared ->
            try
                vectors.Insert(keys, prepared)
            with _ ->
                vectors.Delete keys
                table.Free keys
                reraise ()

        table.Publish(keys, items, removed)
        reclaim ()

    /// No search begins here any more.
    member _.Retire() : unit =
        lock gate (fun () -> isRetired <- true)
        freeIfDone ()
