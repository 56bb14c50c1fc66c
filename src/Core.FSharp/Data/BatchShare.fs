namespace MetricLearning

open MetricLearning.Core

/// The rows of a batch that one of several processes has: consecutive ones, in the order of the processes. The first have one more
/// where not all can have as many.
module internal BatchShare =

    /// The first row of a process, and how many it has.
    let ofProcess (total: int) (part: int) (parts: int) : struct (int * int) =
        let each, more = total / parts, total % parts
        struct (part * each + min part more, each + (if part < more then 1 else 0))

    /// The number of rows of each process.
    let sizes (total: int) (parts: int) : int64[] =
        [|
            for part in 0 .. parts - 1 do
                let struct (_, size) = ofProcess total part parts
                int64 size
        |]

    /// So many indices, from a place on.
    let indices (struct (first, size): struct (int * int)) (indices: int64[]) : int64[] = Array.sub indices first size

    /// The rows of a process, in memory of their own.
    let cut (part: int) (parts: int) (batch: Batch) : Batch =
        let total = int (batch.Labels.size 0)
        let struct (first, size) as share = ofProcess total part parts

        let rows (tensor: TorchSharp.torch.Tensor) =
            use view = tensor.narrow (0L, int64 first, int64 size)
            view.clone().DetachFromDisposeScope()

        {
            Data = Array.map rows batch.Data
            Labels = rows batch.Labels
            // A batch need not have a row for each sample.
            Indices =
                if batch.Indices.Length = total then
                    indices share batch.Indices
                else
                    batch.Indices
        }
