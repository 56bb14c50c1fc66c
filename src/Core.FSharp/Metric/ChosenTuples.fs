namespace MetricLearning

open TorchSharp

/// The tuples that a loss is to look at.
[<RequireQualifiedAccess; ReferenceEquality>]
type internal ChosenTuples =
    /// All, or those of index vectors.
    | Listed of Tuples
    /// Pairs that nobody has listed.
    | Masks of MaskedPairs

/// One choice, in whatever form a loss takes it.
module internal ChosenTuples =

    /// All that the labels allow.
    let all = ChosenTuples.Listed Tuples.All

    /// An error of a form that no tuples have.
    let check (choice: ChosenTuples) : unit =
        match choice with
        | ChosenTuples.Listed tuples -> Tuples.check tuples
        | ChosenTuples.Masks _ -> ()

    /// The same on the embeddings' device, where masks are already.
    let onDeviceOf (embeddings: torch.Tensor) (choice: ChosenTuples) : ChosenTuples =
        match choice with
        | ChosenTuples.Listed Tuples.All
        | ChosenTuples.Masks _ -> choice
        | ChosenTuples.Listed given -> ChosenTuples.Listed(TupleRanges.onDeviceOf embeddings given)

    /// The same as index vectors; masks are listed, which waits for the device.
    let listed (choice: ChosenTuples) : Tuples =
        match choice with
        | ChosenTuples.Listed tuples -> tuples
        | ChosenTuples.Masks masks -> masks.Listed

    /// The distances that a miner computed of the embeddings before; null: none.
    let shared (choice: ChosenTuples) : SharedDistances | null =
        match choice with
        | ChosenTuples.Masks masks -> masks.Shared
        | ChosenTuples.Listed _ -> null

    /// (N) how often the choice takes each of N samples, relative to the most frequent. Anchors alone count unless the batch is
    /// its own reference set.
    let weights (isSelf: bool) (embeddings: torch.Tensor) (choice: ChosenTuples) : torch.Tensor =
        match choice with
        | ChosenTuples.Masks masks -> masks.Weights(isSelf, embeddings)
        | ChosenTuples.Listed tuples -> Tuples.toWeights (embeddings.size 0) isSelf embeddings tuples
