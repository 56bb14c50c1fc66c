namespace MetricLearning

open System
open TorchSharp

/// A matrix that grows: rows are written by number, with spare room, so that adding takes time in proportion to what is added. One
/// thread writes at a time; readers on other threads keep what they hold, also while it grows.
[<Sealed>]
type internal EmbeddingRows() =
    let gate = obj ()
    let mutable room: torch.Tensor | null = null
    let mutable count = 0L

    let replace (larger: torch.Tensor | null) : unit =
        lock gate (fun () ->
            match room with
            | null -> ()
            | full -> full.Dispose()

            room <- larger)

    // Readers go on with the old one while it is copied.
    let makeRoom (like: torch.Tensor) (needed: int64) : torch.Tensor =
        let empty (rows: int64) (device: torch.Device) (dtype: torch.ScalarType) =
            torch.zeros([| rows; like.size 1 |], dtype = dtype, device = device).DetachFromDisposeScope()

        match room with
        | null -> replace (empty needed like.device like.dtype)
        | full when full.size 1 <> like.size 1 ->
            invalidArg
                "embeddings"
                $"Embeddings of {like.size 1} numbers cannot be added to an index of {full.size 1}: train it anew."
        | full when full.size 0 < needed ->
            let larger = empty (max needed (2L * full.size 0)) full.device full.dtype
            use kept = larger.narrow (0L, 0L, count)
            use old = full.narrow (0L, 0L, count)
            kept.copy_ old |> ignore
            replace larger
        | _ -> ()

        nonNull room

    let clear () : unit =
        replace null
        count <- 0L

    /// The number of rows: one more than the largest that was written.
    member _.Count = count

    /// The width of rows; 0 before there are any.
    member _.Width: int64 =
        lock gate (fun () ->
            match room with
            | null -> 0L
            | full -> full.size 1)

    /// The first rows (N × D), which stay valid, to be disposed; null when nothing was written yet.
    member _.First(rows: int64) : torch.Tensor | null =
        lock gate (fun () ->
            match room with
            | null -> null
            | full -> full.narrow (0L, 0L, rows))

    /// All rows.
    member this.All: torch.Tensor | null = this.First count

    /// Writes rows (N × D) to the places of these numbers, copied to the device and dtype of what is there.
    /// ArgumentException when they differ in width.
    member _.Write(places: int64[], embeddings: torch.Tensor) : unit =
        if places.Length > 0 then
            use _ = torch.no_grad ()
            use _ = torch.NewDisposeScope()
            let needed = max count (Array.max places + 1L)
            let room = makeRoom embeddings needed
            let first, last = places[0], places[places.Length - 1]

            if
                last - first = places.LongLength - 1L
                && Array.forall2 (=) places [| first..last |]
            then
                room.narrow(0L, first, places.LongLength).copy_ embeddings |> ignore
            else
                let places = torch.tensor (places, device = room.device)

                room.index_copy_ (0L, places, embeddings.``to``(room.device).to_type room.dtype)
                |> ignore

            count <- needed

    /// Writes rows (N × D) behind the last one.
    member this.Add(embeddings: torch.Tensor) : unit =
        this.Write([| count .. count + embeddings.size 0 - 1L |], embeddings)

    /// Frees all rows.
    member _.Clear() : unit = clear ()

    /// Replaces all rows.
    member this.Replace(embeddings: torch.Tensor) : unit =
        clear ()
        this.Add embeddings

    interface IDisposable with
        member _.Dispose() = clear ()
