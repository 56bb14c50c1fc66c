namespace MetricLearning

open TorchSharp

/// log Σ exp over negatives, for losses that set each positive pair against all negatives of its anchor.
module internal AnchorNegatives =

    /// log Σ exp of the values (N × Nr) of each anchor's negatives: (N); about the lowest finite number for an anchor without
    /// any. A negative pair that tuples name twice counts twice.
    let logSumExp (input: MetricInput) (values: torch.Tensor) : torch.Tensor =
        match input.Tuples with
        | Tuples.All -> LogSumExp.masked 1L (input.Differs()) values
        | _ ->
            let struct (_, _, a2, n) = input.Pairs()
            let once = torch.ones (a2.size 0, dtype = values.dtype, device = values.device)
            let counts = torch.zeros_like(values).index_put_(once, [| a2; n |], true)
            LogSumExp.masked 1L (counts.gt (Numeric.scalar 0.0)) (values + counts.clamp_min(Numeric.scalar 1.0).log())

    // Number j of the reference set is looked up among the anchors as it stands, as in the reference; where the
    // reference set is larger, its last rows are no anchor's numbers and have no negatives.
    let private asReferences (size: int64) (ofAnchors: torch.Tensor) =
        let anchors = ofAnchors.size 0

        if size <= anchors then
            ofAnchors.narrow (0L, 0L, size)
        else
            let missing =
                torch.full (
                    [| size - anchors |],
                    Numeric.scalar (Numeric.lowest ofAnchors.dtype),
                    dtype = ofAnchors.dtype,
                    device = ofAnchors.device
                )

            torch.cat ([| ofAnchors; missing |], 0L)

    // True where there is a negative.
    let private isAny (sums: torch.Tensor) =
        sums.gt (Numeric.scalar (Numeric.lowest sums.dtype / 2.0))

    /// A scalar that is true if any anchor has a negative.
    let exist (ofAnchors: torch.Tensor) : torch.Tensor = (isAny ofAnchors).any()

    /// log Σ exp over the negatives of both ends of each pair, from that of the anchors (N), in a shape that broadcasts with
    /// the pairs' values; 0 for a pair without any. `references`: the size of the reference set.
    let ofBothEnds (references: int64) (ofAnchors: torch.Tensor) (pairs: PairDistances) : torch.Tensor =
        let first = pairs.OfAnchors ofAnchors
        let second = pairs.OfReferences(asReferences references ofAnchors)
        // Those of one end alone where both ends have the same number.
        let both = torch.where (pairs.SameNumber, first, first.logaddexp second)
        both.masked_fill ((isAny both).logical_not(), Numeric.scalar 0.0)
