namespace MetricLearning

open TorchSharp

/// The count of numbers that formulas make for each anchor.
module internal RowNumbers =

    let private perAnchor (input: MetricInput) (all: int64) : int64 = all / max 1L (input.Embeddings.size 0)

    // Tuples of which each is computed from rows that are gathered for it, or taken from the whole matrix.
    let private listed (input: MetricInput) (distances: int64) : int64 =
        let references = input.RefEmbeddings.size 0

        if DistanceEntries.AreFew(distances, input.Embeddings.size 0, references) then
            perAnchor input (distances * input.Embeddings.size 1) / 2L
        else
            references + perAnchor input distances

    /// Of a loss of pairs.
    let ofPairs (input: MetricInput) : int64 =
        match input.Choice with
        | ChosenTuples.Listed(Tuples.Pairs(a1, _, a2, _)) -> listed input (a1.size 0 + a2.size 0)
        | ChosenTuples.Listed(Tuples.Triplets(a, _, _)) -> listed input (2L * a.size 0)
        | _ -> input.RefEmbeddings.size 0

    /// Of a loss of triplets that are not made one by one unless tuples list them.
    let ofTriplets (input: MetricInput) : int64 =
        match input.Choice with
        | ChosenTuples.Listed(Tuples.Triplets(a, _, _)) -> listed input (2L * a.size 0)
        | _ -> input.RefEmbeddings.size 0

    // Below this many triplets nobody counts them.
    let private few = 1L <<< 24

    // Pairs of samples that match, at most. Elsewhere than on the CPU the look at a larger batch waits for the device.
    let private matches (input: MetricInput) : int64 =
        let rows, references = input.Embeddings.size 0, input.RefEmbeddings.size 0

        match input.Labels with
        | null -> 0L
        | _ when rows * references * references <= few -> rows * references
        | _ when not input.Comparison.IsEquality ->
            use _ = torch.NewDisposeScope()
            (LabelBlocks.sum input (fun struct (matches, _) -> matches.sum ())).item<int64>()
        | labels ->
            use _ = torch.NewDisposeScope()

            let struct (ofReferences, _) =
                (match input.RefLabels with
                 | null -> labels
                 | given -> given)
                    .sort
                    0L

            let before = torch.searchsorted (ofReferences, labels)
            let until = torch.searchsorted (ofReferences, labels, right = true)
            (until - before).sum().item<int64>()

    /// Of a loss that sets each positive pair against all of the reference set.
    let ofPositives (input: MetricInput) : int64 =
        let against (positives: int64) =
            perAnchor input (positives * input.RefEmbeddings.size 0)

        match input.Choice with
        | ChosenTuples.Listed(Tuples.Pairs(a1, _, _, _)) -> against (a1.size 0)
        | ChosenTuples.Listed(Tuples.Triplets(a, _, _)) -> listed input (2L * a.size 0)
        | _ -> against (matches input)
