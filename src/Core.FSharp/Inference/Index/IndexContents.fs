namespace MetricLearning

open System
open TorchSharp

/// The contents of an index, for any number of threads: changes wait for each other, and searches wait for none.
[<Sealed>]
type internal IndexContents(vectors: VectorSearch) =
    let writing = obj ()
    let gate = obj ()
    let mutable shelf: IndexShelf voption = ValueSome(IndexShelf vectors)

    let now () : IndexShelf =
        match shelf with
        | ValueSome shelf -> shelf
        | ValueNone -> raise (ObjectDisposedException "NeighbourIndex")

    // Another shelf, or none, from now on; the one before.
    let swap (next: IndexShelf voption) : IndexShelf =
        lock writing (fun () ->
            lock gate (fun () ->
                let before = now ()
                shelf <- next
                before))

    let keysOf (shelf: IndexShelf) (ids: ItemId seq) : int64[] =
        [|
            for id in ids do
                match shelf.TryEntry id with
                | ValueSome entry -> entry.Key
                | ValueNone -> ()
        |]

    /// The present contents. ObjectDisposedException if it was given up.
    member _.Now: IndexShelf = lock gate now

    /// Reads a version that stays whole meanwhile.
    member _.Read(act: IndexShelf -> IndexVersion -> 'Result) : 'Result =
        let struct (shelf, version) =
            lock gate (fun () ->
                let shelf = now ()
                struct (shelf, shelf.Hold()))

        try
            act shelf version
        finally
            shelf.Release version

    /// Adds items, or replaces those of the same ids where that may be; all in one step, or none.
    member contents.Put(mayReplace: bool, items: IndexItem[], prepare: VectorSearch -> torch.Tensor) : unit =
        lock writing (fun () ->
            let shelf = contents.Now
            let ids = items |> Array.map _.Id

            if not mayReplace then
                match ids |> Array.tryFind (fun id -> (shelf.TryEntry id).IsSome) with
                | Some id ->
                    invalidArg
                        (nameof items)
                        $"The index has an item with the id {id} already: put it instead of adding it, or remove the other first."
                | None -> ()

            if items.Length > 0 then
                shelf.Change(items, prepare shelf.Vectors, keysOf shelf ids))

    /// Removes the items of these ids, which differ, in one step; how many there were.
    member contents.Remove(ids: ItemId[]) : int =
        lock writing (fun () ->
            let shelf = contents.Now
            let keys = keysOf shelf ids

            if keys.Length > 0 then
                shelf.Change([||], null, keys)

            keys.Length)

    /// Has what another has from now on, which is given up.
    member _.TakeOver(other: IndexContents) : unit =
        let taken: IndexShelf = other.GiveUp()

        try
            (swap (ValueSome taken)).Retire()
        with _ ->
            taken.Retire()
            reraise ()

    /// Nothing is here any more.
    member _.GiveUp() : IndexShelf = swap ValueNone

    /// Frees the vectors when the last search that has begun is through.
    member contents.Free() : unit =
        lock writing (fun () ->
            if shelf.IsSome then
                contents.GiveUp().Retire())
