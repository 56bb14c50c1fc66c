namespace MetricLearning.Core

open TorchSharp
open MetricLearning

/// Cutting a batch into micro-batches, and making one batch of what comes out of them.
module internal MicroBatches =

    let private asked =
        "With MicroBatchSize, or with several processes, every tensor must have one row a sample"

    let private slice (batch: Batch) (first: int64) (count: int64) : Batch =
        let rows = batch.Labels.size 0

        batch.Data
        |> Array.iteri (fun number data ->
            if data.dim () < 1L || data.size 0 <> rows then
                invalidOp
                    $"{asked}; input {number} of this batch of {rows} samples is {data.ToString TensorStringStyle.Metadata}. Leave MicroBatchSize out, or let CollateFn make rows.")

        {
            Data = batch.Data |> Array.map (fun data -> data.narrow (0L, first, count))
            Labels = batch.Labels.narrow (0L, first, count)
            Indices =
                if int64 batch.Indices.Length = rows then
                    Array.sub batch.Indices (int first) (int count)
                else
                    batch.Indices
        }

    /// The samples of a batch in their order, at most `size` in each part, in parts as even as can be: none is left with a
    /// single sample by chance. Parts are views; a batch that is not larger is its only part.
    let cut (size: int option) (batch: Batch) : Batch[] =
        let rows = batch.Labels.size 0

        let parts =
            match size with
            | Some size -> max 1L ((rows + int64 size - 1L) / int64 size)
            | None -> 1L

        if parts = 1L then
            [| batch |]
        else
            [|
                for number in 0L .. parts - 1L do
                    let first = number * rows / parts
                    slice batch first ((number + 1L) * rows / parts - first)
            |]

    /// InvalidOperationException if something other than rows came out of a part.
    let check (part: Batch) (made: Rows) : unit =
        let rows = part.Labels.size 0

        for tensor in Array.append made.Tensors [| made.Labels |] do
            if tensor.dim () < 1L || tensor.size 0 <> rows then
                invalidOp
                    $"{asked}; the first half of the iteration made {tensor.ToString TensorStringStyle.Metadata} of {rows} samples. Leave MicroBatchSize out, or compute in the second half what is not one row a sample."
