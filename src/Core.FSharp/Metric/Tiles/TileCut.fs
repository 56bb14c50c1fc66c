namespace MetricLearning

open TorchSharp

/// Indices of tuples in the order of their anchors, and where those of each tile begin.
type internal SortedTuples =
    {
        /// The anchors, then the others.
        Indices: torch.Tensor[]
        Bounds: int64[]
    }

/// Indices of tuples in the order of their anchors.
module internal SortedTuples =

    let private isSorted (anchors: torch.Tensor) : bool =
        let pairs = anchors.size 0 - 1L

        pairs < 1L
        || anchors.narrow(0L, 1L, pairs).ge(anchors.narrow (0L, 0L, pairs)).all().item<bool>()

    /// Sorted for tiles of so many anchors; elsewhere than on the CPU this waits for the device.
    let ofTiles (rows: int64) (size: int64) (indices: torch.Tensor[]) : SortedTuples =
        let sorted =
            if isSorted indices[0] then
                indices
            else
                let struct (_, order) = indices[0].sort(0L, false, true)
                indices |> Array.map (fun part -> part.index_select (0L, order))

        let starts = Numeric.range 0L (size + rows) rows sorted[0].device

        {
            Indices = sorted
            Bounds = torch.searchsorted(sorted[0], starts).cpu().data<int64>().ToArray()
        }

    /// The indices of the tile that begins with the anchor `first`, which becomes anchor 0.
    let at (rows: int64) (first: int64) (tuples: SortedTuples) : torch.Tensor[] =
        let tile = int (first / rows)
        let start = tuples.Bounds[tile]

        tuples.Indices
        |> Array.mapi (fun place part ->
            let own = part.narrow (0L, start, tuples.Bounds[tile + 1] - start)
            if place = 0 then own.plus -first else own)

/// A batch cut into tiles: some anchors each, against all of the batch or its reference set; or all anchors with some of the
/// classes that a loss learns (`classes`; 0: of anchors).
[<Sealed>]
type internal TileCut(whole: MetricInput, rows: int64, classes: int64, shares: Shares) =

    let size = if classes > 0L then classes else whole.Embeddings.size 0
    let starts = [| 0L .. rows .. size - 1L |]

    let tuplesAt: int64 -> Tuples =
        let sorted = SortedTuples.ofTiles rows size

        match whole.Tuples with
        | given when classes > 0L || given.IsAll -> fun _ -> given
        | Tuples.Pairs(a1, p, a2, n) ->
            let positives, negatives = sorted [| a1; p |], sorted [| a2; n |]

            fun first ->
                let positive, negative =
                    SortedTuples.at rows first positives, SortedTuples.at rows first negatives

                Tuples.Pairs(positive[0], positive[1], negative[0], negative[1])
        | Tuples.Triplets(a, p, n) ->
            let triplets = sorted [| a; p; n |]

            fun first ->
                let own = SortedTuples.at rows first triplets
                Tuples.Triplets(own[0], own[1], own[2])
        | all -> fun _ -> all

    /// The first anchors (or classes) of the tiles.
    member _.Starts = starts

    /// The things that the tiles share.
    member _.Shares = shares

    /// The input of the tile that begins with an anchor (or class).
    member this.At(first: int64) : MetricInput =
        let count = min rows (size - first)
        let tile = Tile(whole, first, count, classes > 0L, starts, this.At, shares)

        let struct (anchors, references) =
            shares.Both(whole, "embeddings", fun () -> struct (whole.Embeddings, whole.RefEmbeddings))

        if classes > 0L then
            whole.Part(tile, anchors.Whole, whole.Labels, whole.Tuples, null, null, null)
        else
            let rowsOf (numbers: torch.Tensor) : torch.Tensor = numbers.narrow (0L, first, count)

            let ofTile (numbers: torch.Tensor | null) : torch.Tensor | null =
                match numbers with
                | null -> null
                | given -> rowsOf given

            // Where the references have no labels of their own, sample i of them is sample i of the batch, or like it.
            let isAligned = isNull whole.RefLabels && whole.IsAligned

            let own: torch.Tensor | null =
                if isAligned && isNull whole.OwnPlaces then
                    Numeric.range first (first + count) 1L whole.Embeddings.device
                else
                    ofTile whole.OwnPlaces

            whole.Part(
                tile,
                tile.OfAnchors anchors,
                ofTile whole.Labels,
                tuplesAt first,
                references.Whole,
                (if isAligned then whole.Labels else whole.RefLabels),
                own
            )
