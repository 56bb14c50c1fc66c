namespace MetricLearning

open TorchSharp

/// Pairs as two masks (N × Nr) of a distance matrix, as a miner has them before it lists them. Listing waits for the device, so a
/// loss that can do with masks takes them as they are.
[<Sealed>]
type internal MaskedPairs(positives: torch.Tensor, negatives: torch.Tensor, shared: SharedDistances | null) =

    let positiveCount, negativeCount = positives.sum (), negatives.sum ()

    let listed =
        lazy
            (Tuples.pairsWhere positives negatives
             |> TupleRanges.mark (positives.size 0) (positives.size 1))

    /// True at positive pairs.
    member _.Positives = positives

    /// True at negative pairs.
    member _.Negatives = negatives

    /// The number of positive pairs: an int64 scalar.
    member _.PositiveCount = positiveCount

    /// The number of negative pairs: an int64 scalar.
    member _.NegativeCount = negativeCount

    /// The same pairs with index vectors, row by row.
    member _.Listed: Tuples = listed.Value

    /// The distances that the miner computed of the batch; null: none that can be used again.
    member _.Shared: SharedDistances | null = shared

    /// The same pairs, in the dispose scope around this one.
    member this.MoveToOuterDisposeScope() : MaskedPairs =
        for tensor in [| positives; negatives; positiveCount; negativeCount |] do
            tensor.MoveToOuterDisposeScope() |> ignore

        this

    /// (N) how often the pairs take each sample, relative to the most frequent; all 1 if there is no pair. Anchors alone count
    /// unless the batch is its own reference set.
    member _.Weights(isSelf: bool, like: torch.Tensor) : torch.Tensor =
        // No pair is both.
        let either = positives.logical_or negatives

        let wide =
            if Numeric.isHalf like.dtype then
                torch.ScalarType.Float32
            else
                like.dtype

        let ofAnchors = either.sum (1L, ``type`` = wide)
        let counts = if isSelf then ofAnchors .+. either.sum 0L else ofAnchors
        // Of no pair at all, 0 / 0.
        (counts / counts.max ()).nan_to_num 1.0 |> Numeric.ofType like.dtype
