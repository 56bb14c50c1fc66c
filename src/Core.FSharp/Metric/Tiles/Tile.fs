namespace MetricLearning

open TorchSharp

/// Anchors of a batch, or classes that a loss learns, that are computed together.
[<Sealed; AllowNullLiteral>]
type internal Tile<'Input>
    (whole: 'Input, first: int64, count: int64, overClasses: bool, starts: int64[], at: int64 -> 'Input, shares: Shares)
    =

    /// The input of all anchors.
    member _.Whole = whole

    /// The first anchor or class.
    member _.First = first

    /// The number of anchors or classes.
    member _.Count = count

    /// True if these are all anchors, with some of the classes.
    member _.OverClasses = overClasses

    /// The first anchors of all tiles of this batch.
    member _.Starts = starts

    /// The input of the tile that begins with an anchor.
    member _.At = at

    /// The things that the tiles share.
    member _.Shares = shares

    /// The rows of the tile's anchors.
    member _.OfAnchors(rows: SharedTensor) : torch.Tensor =
        if overClasses then rows.Whole else rows.Rows(first, count)

    /// The rows of the tile's classes.
    member _.OfClasses(rows: SharedTensor) : torch.Tensor =
        if overClasses then rows.Rows(first, count) else rows.Whole
