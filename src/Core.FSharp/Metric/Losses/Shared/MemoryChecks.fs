namespace MetricLearning

open System
open TorchSharp

/// Checks that what a memory of embeddings is made of, and what it is given, fits together. All mistakes are ArgumentExceptions.
module internal MemoryChecks =

    // Rows of labels need columns in the memory.
    let private columns (loss: Loss) (labelColumns: Nullable<int>) : unit =
        if labelColumns.HasValue && not loss.LabelComparison.ReadsRows then
            invalidArg
                (nameof labelColumns)
                $"labelColumns is for losses that read rows of labels, and {loss.Name} takes one label a sample: set its LabelComparison, or leave labelColumns out."

        if loss.LabelComparison.ReadsRows && not labelColumns.HasValue then
            invalidArg
                (nameof labelColumns)
                $"{loss.Name} reads rows of labels (LabelComparison.{loss.LabelComparison.Name}): give labelColumns, the number of their columns."

        if labelColumns.HasValue then
            Ranges.atLeast 1L (nameof labelColumns) labelColumns.Value

    /// A loss, a miner (null: none) and columns of labels (null: one label a sample).
    let parts (loss: Loss) (miner: Miner | null) (labelColumns: Nullable<int>) : unit =
        ArgumentNullException.ThrowIfNull(loss, nameof loss)

        if not loss.TakesLabels then
            invalidArg
                (nameof loss)
                $"{loss.Name} cannot be given a memory: it takes no labels, by which a memory tells its rows apart. Losses of pairs and triplets do."

        if not loss.TakesReferences then
            invalidArg
                (nameof loss)
                $"{loss.Name} cannot be given a memory: it takes no reference embeddings. Losses of pairs and triplets do."

        columns loss labelColumns

        match miner with
        | null -> ()
        | _ when not loss.TakesTuples ->
            invalidArg
                (nameof miner)
                $"{loss.Name} takes no tuples from outside: leave out the miner of the memory, or those of the loss."
        | miner ->
            [ loss.Name, loss.LabelComparison; miner.Name, miner.LabelComparison ]
            |> ComparisonChecks.together
            |> List.iter (invalidArg (nameof miner))

    /// The sizes of a memory and its warm-up.
    let numbers (embeddingSize: int) (memorySize: int) (warmUp: int) : unit =
        if memorySize < 1 || embeddingSize < 1 then
            invalidArg
                (nameof memorySize)
                $"A memory needs at least one row and one column; it was given {memorySize} and {embeddingSize}."

        if warmUp < 0 then
            invalidArg (nameof warmUp) $"The warm-up is a number of calls and cannot be {warmUp}."

    /// The widths of embeddings and of rows of labels.
    let widths (embeddingSize: int) (labelColumns: Nullable<int>) (embeddings: torch.Tensor) (labels: torch.Tensor) =
        if embeddings.size 1 <> int64 embeddingSize then
            invalidArg
                (nameof embeddings)
                $"This memory was made for embeddings of {embeddingSize} numbers; these have {embeddings.size 1}."

        let isOther (columns: int) =
            labels.dim () <> 2L || labels.size 1 <> int64 columns

        if labelColumns.HasValue && isOther labelColumns.Value then
            invalidArg
                (nameof labels)
                $"This memory was made for labels of {labelColumns.Value} columns; these have the shape {Shape.show labels.shape}."

    /// The rows of a batch that are remembered.
    let mask (embeddings: torch.Tensor) (enqueueMask: torch.Tensor) : unit =
        if
            enqueueMask.dtype <> torch.ScalarType.Bool
            || enqueueMask.dim () <> 1L
            || enqueueMask.size 0 <> embeddings.size 0
        then
            invalidArg (nameof enqueueMask) "enqueueMask must be a vector of one truth value for each embedding."
