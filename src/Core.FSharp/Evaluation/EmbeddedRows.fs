namespace MetricLearning

open System
open TorchSharp
open type TorchSharp.torch

/// Batches of embeddings, checked and put together.
module internal EmbeddedRows =

    let private put (filled: int64) (part: Tensor) (whole: Tensor) : unit =
        if part.size 1 <> whole.size 1 || filled + part.size 0 > whole.size 0 then
            invalidOp
                $"A batch has {part.size 0} rows of {part.size 1} after {filled} rows of {whole.size 1}, of {whole.size 0} in all: networks and collate function must give as many in every batch, and one row a sample."

        use place = whole.narrow (0L, filled, part.size 0)
        place.copy_ part |> ignore

    // Networks with broken weights, or given broken numbers, make embeddings that nothing is near to.
    let private checkFinite (sampleOf: int64 -> int64) (streams: Tensor[]) : unit =
        match EmbeddingChecks.firstBroken (List.ofArray streams) with
        | ValueNone -> ()
        | ValueSome(struct (_, row)) ->
            invalidOp
                $"The networks made an embedding with a number that is NaN or infinite, of sample {sampleOf row}: look for such numbers in the sample, and in the weights."

    /// The batch, disposed if a number is not finite.
    /// InvalidOperationException then.
    let checkBatch (batch: EmbeddedBatch) : EmbeddedBatch =
        try
            checkFinite (fun row -> batch.Indices[Convert.ToInt32 row]) batch.Streams
            batch
        with _ ->
            batch.Dispose()
            reraise ()

    /// Batches in tensors that are made once: one for each stream, and one for the labels.
    /// InvalidOperationException if a number is not finite, or rows do not fit.
    let collect (sampleOf: int64 -> int64) (rows: int64) (batches: seq<EmbeddedBatch>) =
        use scope = NewDisposeScope()
        let mutable all: struct (Tensor[] * Tensor) voption = ValueNone
        let mutable filled = 0L

        let like (tensor: Tensor) =
            torch.empty ([| rows; tensor.size 1 |], dtype = tensor.dtype, device = tensor.device)

        for batch in batches do
            use batch = batch

            let struct (streams, labels) =
                match all with
                | ValueSome made -> made
                | ValueNone ->
                    let made = struct (Array.map like batch.Streams, like batch.Labels)
                    all <- ValueSome made
                    made

            Array.iter2 (put filled) batch.Streams streams
            put filled batch.Labels labels
            filled <- filled + batch.Labels.size 0

        match all with
        | ValueSome(struct (streams, labels)) when filled = rows ->
            checkFinite sampleOf streams

            for tensor in Array.append streams [| labels |] do
                tensor.MoveToOuterDisposeScope() |> ignore

            struct (streams, labels)
        | _ -> invalidOp $"The batches of the data set have {filled} rows in all, but it has {rows} samples."
