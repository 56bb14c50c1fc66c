namespace MetricLearning.Core.Distances

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// A distance matrix block by block, for sets whose whole matrix would not fit into memory.
module Batched =

    /// Calls `act` with each block's matrix (at most batchSize × Nr), the number of its first row and that number plus
    /// batchSize, which for the last block may be beyond the end. A matrix is disposed when `act` returns: clone what you
    /// keep. `reference` null: `query` itself.
    let iterate
        (distance: Distance)
        (batchSize: int)
        (act: Action<torch.Tensor, int64, int64>)
        (query: torch.Tensor)
        (reference: torch.Tensor | null)
        : unit =
        if batchSize < 1 then
            invalidArg (nameof batchSize) $"A block needs at least one row; it was given {batchSize}."

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

            act.Invoke(matrix, first, first + size)
