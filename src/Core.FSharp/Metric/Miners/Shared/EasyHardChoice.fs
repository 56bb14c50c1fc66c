namespace MetricLearning

open System
open TorchSharp

/// One positive and one negative of every anchor, easy, hard or semihard.
[<Sealed>]
type internal EasyHardChoice
    (
        posStrategy: BatchEasyHardStrategy,
        negStrategy: BatchEasyHardStrategy,
        distance: Distance,
        record: Statistics,
        matrix: torch.Tensor
    ) =

    // The nearer is hard for negatives, the farther for positives.
    let positive mask =
        if posStrategy = BatchEasyHardStrategy.Easy then
            Extremes.nearest distance matrix mask
        else
            Extremes.farthest distance matrix mask

    let negative mask =
        if negStrategy = BatchEasyHardStrategy.Easy then
            Extremes.farthest distance matrix mask
        else
            Extremes.nearest distance matrix mask

    let isNearer (than: torch.Tensor) =
        if distance.IsInverted then
            matrix.gt (than.unsqueeze 1L)
        else
            matrix.lt (than.unsqueeze 1L)

    let isFarther (than: torch.Tensor) =
        if distance.IsInverted then
            matrix.lt (than.unsqueeze 1L)
        else
            matrix.gt (than.unsqueeze 1L)

    // All pairs of a kind, or one an anchor.
    let ofKind
        strategy
        (choose: torch.Tensor -> struct (torch.Tensor * torch.Tensor))
        (record: torch.Tensor -> unit)
        (mask: torch.Tensor)
        =
        if strategy = BatchEasyHardStrategy.All then
            record (matrix.masked_select mask)
            Tuples.places mask
        else
            let struct (chosen, others) = choose mask
            let any = mask.any 1L
            record (chosen.masked_select any)
            struct (any.nonzero().squeeze 1L, others.masked_select any)

    /// One positive and one negative of every anchor that has both, each among the entries of its mask.
    member _.OfBoth(positives: torch.Tensor, negatives: torch.Tensor) : Tuples =
        let hasBoth (p: torch.Tensor) (n: torch.Tensor) = (p.any 1L).logical_and(n.any 1L)

        let struct (pd, p), struct (nd, n), both =
            if posStrategy = BatchEasyHardStrategy.Semihard then
                let struct (nd, n) = negative negatives
                let nearer = positives.logical_and (isNearer nd)
                positive nearer, struct (nd, n), hasBoth nearer negatives
            else
                let struct (pd, p) = positive positives

                let candidates =
                    if negStrategy = BatchEasyHardStrategy.Semihard then
                        negatives.logical_and (isFarther pd)
                    else
                        negatives

                struct (pd, p), negative candidates, hasBoth positives candidates

        if record.Collecting then
            Extremes.recordTriplets record distance (pd.masked_select both) (nd.masked_select both)

        let anchors = both.nonzero().squeeze 1L
        Tuples.Pairs(anchors, p.masked_select both, anchors, n.masked_select both)

    /// Each kind for itself: all pairs, or one of every anchor that has any.
    member _.OfEach(positives: torch.Tensor, negatives: torch.Tensor) : Tuples =
        let struct (a1, p) =
            ofKind posStrategy positive (Extremes.recordPositives record distance) positives

        let struct (a2, n) =
            ofKind negStrategy negative (Extremes.recordNegatives record distance) negatives

        Tuples.Pairs(a1, p, a2, n)
