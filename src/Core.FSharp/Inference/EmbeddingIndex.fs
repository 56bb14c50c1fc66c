namespace MetricLearning

open System
open TorchSharp

/// The embeddings that are searched, in the order in which they were added. Its tensor has spare rows, so that adding takes time in
/// proportion to the rows added.
[<Sealed>]
type internal EmbeddingIndex() =
    let mutable room: torch.Tensor | null = null
    let mutable count = 0L

    let clear () : unit =
        match room with
        | null -> ()
        | full -> full.Dispose()

        room <- null
        count <- 0L

    let grow (like: torch.Tensor) (needed: int64) : torch.Tensor =
        let larger (device: torch.Device) (dtype: torch.ScalarType) =
            torch.empty([| needed; like.size 1 |], dtype = dtype, device = device).DetachFromDisposeScope()

        match room with
        | null -> larger like.device like.dtype
        | full ->
            let room = larger full.device full.dtype
            use kept = room.narrow (0L, 0L, count)
            use old = full.narrow (0L, 0L, count)
            kept.copy_ old |> ignore
            full.Dispose()
            room

    /// The number of embeddings.
    member _.Count = count

    /// The embeddings (N × D), valid until more are added; null when there are none.
    member _.Embeddings: torch.Tensor | null =
        match room with
        | null -> null
        | full -> full.narrow (0L, 0L, count)

    /// Adds rows (N × D), copied to the device and dtype of the index.
    /// ArgumentException when they differ in width.
    member _.Add(embeddings: torch.Tensor) : unit =
        use _ = torch.no_grad ()
        let needed = count + embeddings.size 0

        match room with
        | null -> room <- grow embeddings needed
        | full when full.size 1 <> embeddings.size 1 ->
            invalidArg
                (nameof embeddings)
                $"Embeddings of {embeddings.size 1} numbers cannot be added to an index of {full.size 1}: train it anew."
        | full when full.size 0 < needed -> room <- grow embeddings (max needed (2L * full.size 0))
        | _ -> ()

        use place = (nonNull room).narrow(0L, count, embeddings.size 0)
        place.copy_ embeddings |> ignore
        count <- needed

    /// Frees all rows.
    member _.Clear() : unit = clear ()

    /// Replaces all rows.
    member this.Replace(embeddings: torch.Tensor) : unit =
        clear ()
        this.Add embeddings

    interface IDisposable with
        member _.Dispose() = clear ()
