namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// The rows that come out of the parts of a batch, one tensor for all parts, outside of the dispose scope in which it is made:
/// small pieces, kept while all around them is freed, would keep the allocator from using that memory again. What goes through
/// as it was read is the batch's own.
[<Sealed>]
type internal CollectedRows(batch: Batch, parts: Batch[], first: Rows) =

    let sources =
        [|
            fun (source: Batch) -> source.Labels
            for number in 0 .. batch.Data.Length - 1 do
                fun (source: Batch) -> source.Data[number]
        |]

    let sourceIn (part: Batch) (made: torch.Tensor) =
        sources
        |> Array.tryFindIndex (fun source -> obj.ReferenceEquals(source part, made))

    let column (made: torch.Tensor) : struct (int option * torch.Tensor) =
        match sourceIn parts[0] made with
        | Some number -> struct (Some number, sources[number] batch)
        | None ->
            let shape = made.shape
            shape[0] <- batch.Labels.size 0
            let whole = torch.empty (shape, dtype = made.dtype, device = made.device)
            struct (None, whole.MoveToOuterDisposeScope())

    let columns = Array.append [| first.Labels |] first.Tensors |> Array.map column

    let refuse () =
        invalidOp
            "The first half of the iteration made other tensors of one micro-batch than of the first; it must make as many of each, with the same shapes but for the number of rows, and of the same type."

    // The place of each part in the batch.
    let starts = parts |> Array.scan (fun start part -> start + part.Labels.size 0) 0L

    /// The rows of part `number`, cut out of those of the batch.
    member _.Within(number: int, whole: torch.Tensor) : torch.Tensor =
        whole.narrow (0L, starts[number], starts[number + 1] - starts[number])

    /// The tensors of a part; InvalidOperationException if they are not as many as the first one made.
    member _.TensorsOf(made: Rows) : torch.Tensor[] =
        if made.Tensors.Length <> columns.Length - 1 then
            refuse ()

        made.Tensors

    /// Takes what a part made, without what made it.
    /// Raises InvalidOperationException when it is not alike to what the first one made.
    member this.Take(number: int, made: Rows) : unit =
        use _ = torch.no_grad ()
        let tensors = Array.append [| made.Labels |] (this.TensorsOf made)

        for struct (source, whole), tensor in Array.zip columns tensors do
            if source <> sourceIn parts[number] tensor then
                refuse ()

            if source.IsNone then
                use place = this.Within(number, whole)

                if place.dtype <> tensor.dtype || place.shape <> tensor.shape then
                    refuse ()

                place.copy_ tensor |> ignore

    /// The rows of the batch.
    member _.Rows: Rows =
        let whole index =
            let struct (_, whole) = columns[index]
            whole

        {
            Tensors = Array.init (columns.Length - 1) (fun index -> whole (index + 1))
            Labels = whole 0
        }
