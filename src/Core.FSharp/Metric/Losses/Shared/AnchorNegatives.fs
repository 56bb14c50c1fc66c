namespace MetricLearning

open TorchSharp

/// log Σ exp over negatives, for losses that set each positive pair against all negatives of its anchor.
module internal AnchorNegatives =

    let private sum
        (ofMask: int64 -> torch.Tensor -> torch.Tensor -> torch.Tensor)
        (input: MetricInput)
        (values: torch.Tensor)
        : torch.Tensor =
        match input.Choice with
        | ChosenTuples.Listed Tuples.All -> ofMask 1L (input.Differs()) values
        | ChosenTuples.Masks masks -> ofMask 1L masks.Negatives values
        | _ ->
            let struct (_, _, a2, n) = input.Pairs()
            let once = torch.ones (a2.size 0, dtype = values.dtype, device = values.device)
            let counts = torch.zeros_like(values).index_put_(once, [| a2; n |], true)
            ofMask 1L (counts.gt (Numeric.scalar 0.0)) (values .+. counts.clamp_min(Numeric.scalar 1.0).log())

    /// log Σ exp of the values (N × Nr) of each anchor's negatives: (N); about the lowest finite number for an anchor without
    /// any. A negative pair that tuples name twice counts twice.
    let logSumExp (input: MetricInput) (values: torch.Tensor) : torch.Tensor = sum LogSumExp.masked input values

    /// The same; negative infinity for an anchor without any.
    let logSumExpOrNothing (input: MetricInput) (values: torch.Tensor) : torch.Tensor =
        sum LogSumExp.orNothing input values

    // In a memory the batch's own rows have the numbers of their anchors. In another reference set number j is looked up
    // among the anchors as it stands, as in the reference. Rows that are no anchor's have no negatives.
    let private asReferences (input: MetricInput) (ofAnchors: torch.Tensor) =
        let size, anchors = input.RefEmbeddings.size 0, ofAnchors.size 0

        let nothing (count: int64) =
            torch.full (
                [| count |],
                Numeric.scalar (Numeric.lowest ofAnchors.dtype),
                dtype = ofAnchors.dtype,
                device = ofAnchors.device
            )

        match input.Whole.OwnPlaces with
        | null when size <= anchors -> ofAnchors.narrow (0L, 0L, size)
        | null -> torch.cat ([| ofAnchors; nothing (size - anchors) |], 0L)
        | own -> (nothing size).scatter(0L, own, ofAnchors)

    // True where there is a negative.
    let private isAny (sums: torch.Tensor) =
        sums.gt (Numeric.scalar (Numeric.lowest sums.dtype / 2.0))

    /// A scalar that is true if any anchor has a negative.
    let exist (ofAnchors: torch.Tensor) : torch.Tensor = (isAny ofAnchors).any()

    /// log Σ exp over the negatives of both ends of each pair, from that of all anchors of the batch (N), in a shape that
    /// broadcasts with the pairs' values; 0 for a pair without any.
    let ofBothEnds (input: MetricInput) (ofAnchors: torch.Tensor) (pairs: PairDistances) : torch.Tensor =
        let start =
            match input.Tile with
            | null -> 0L
            | tile -> tile.First

        let first = pairs.OfAnchors(ofAnchors.narrow (0L, start, input.Embeddings.size 0))

        let second = pairs.OfReferences(asReferences input ofAnchors)
        let ofTwo = first.logaddexp second

        let both =
            if input.Whole.IsRemembered then
                ofTwo
            else
                // Those of one end alone where both ends have the same number.
                torch.where (pairs.SameNumber start, first, ofTwo)

        both.masked_fill ((isAny both).logical_not(), Numeric.scalar 0.0)
