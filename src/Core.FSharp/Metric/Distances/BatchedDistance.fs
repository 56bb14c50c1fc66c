namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// A distance matrix computed block by block, for sets whose whole matrix would not fit into memory.
[<Sealed>]
type BatchedDistance
    /// <param name="distance">Compares the embeddings.</param>
    /// <param name="iterFn">Called with each block's matrix, the number of its first row and that number plus batchSize,
    /// which for the last block may be beyond the end. The matrix is disposed when the call returns: clone it to keep
    /// it.</param>
    /// <param name="batchSize">Rows of a block, at least 1.</param>
    (
        distance: Distance,
        iterFn: Action<torch.Tensor, int64, int64>,
        [<Optional; DefaultParameterValue(32)>] batchSize: int
    ) =
    do
        ArgumentNullException.ThrowIfNull(distance, nameof distance)
        ArgumentNullException.ThrowIfNull(iterFn, nameof iterFn)

        if batchSize < 1 then
            invalidArg (nameof batchSize) $"A block needs at least one row; batchSize is {batchSize}."

    /// Compares the embeddings.
    member _.Distance = distance

    /// Compares every row of `query` (Nq × D) with every row of `reference` (Nr × D; null: `query` itself), in blocks.
    member _.Matrix
        (
            query: torch.Tensor,
            [<Optional; DefaultParameterValue(null: torch.Tensor | null)>] reference: torch.Tensor | null
        ) : unit =
        InputChecks.comparable (nameof query) query (nameof reference) reference

        let references =
            match reference with
            | null -> query
            | given -> given

        let size = int64 batchSize

        for first in 0L .. size .. query.size 0 - 1L do
            use matrix =
                use _ = torch.NewDisposeScope()
                let block = query.narrow (0L, first, min size (query.size 0 - first))
                distance.Matrix(block, references).MoveToOuterDisposeScope()

            iterFn.Invoke(matrix, first, first + size)
