namespace MetricLearning

open TorchSharp

/// What a formula needs of the whole batch, wherever it looks at some anchors only.
[<AutoOpen>]
module internal TileSharing =

    type MetricInput with

        /// True unless the batch has labels, and other references than those samples.
        member input.IsAligned: bool =
            match input.Labels with
            | null -> true
            | labels -> labels.size 0 = input.RefEmbeddings.size 0

        /// A tensor that is computed from the whole batch, once for all tiles.
        member input.OfBatch(owner: obj, name: string, compute: MetricInput -> torch.Tensor) : torch.Tensor =
            match input.Tile with
            | null -> compute input
            | tile -> tile.Shares.One(owner, name, fun () -> compute tile.Whole).Whole

        /// The rows of these anchors, of those of the whole batch.
        member input.OfThese(rows: torch.Tensor) : torch.Tensor =
            match input.Tile with
            | null -> rows
            | tile when tile.OverClasses -> rows
            | tile -> rows.narrow (0L, tile.First, tile.Count)

        /// The first of these classes.
        member input.FirstClass: int64 =
            match input.Tile with
            | null -> 0L
            | tile when tile.OverClasses -> tile.First
            | _ -> 0L

        /// A tensor with a row for each anchor of the whole batch, each computed from its anchor alone: tile by tile, before
        /// the tiles that read it.
        member input.OfAllAnchors(owner: obj, name: string, compute: MetricInput -> torch.Tensor) : torch.Tensor =
            match input.Tile with
            | null -> compute input
            | tile -> tile.Shares.Rows(owner, name, tile.Starts, tile.At >> compute).Whole
