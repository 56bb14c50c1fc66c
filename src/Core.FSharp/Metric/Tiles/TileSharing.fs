namespace MetricLearning

open TorchSharp

/// The parts of the whole batch that a formula needs, wherever it looks at some anchors only.
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
            | tile ->
                let anchors = tile.Whole.Embeddings.size 0
                tile.Shares.Rows(owner, name, anchors, tile.Starts, tile.At >> compute).Whole

        /// (N × Nr) false where the reference set holds the sample itself, null where it holds none of the batch.
        member input.IsOther() : torch.Tensor | null =
            if input.Whole.IsSelf || input.Whole.IsRemembered then
                let rows, references = input.Embeddings, input.RefEmbeddings

                let own =
                    match input.OwnPlaces with
                    | null -> Numeric.upTo (rows.size 0) rows.device
                    | given -> given

                own.unsqueeze(1L).ne((Numeric.upTo (references.size 0) rows.device).unsqueeze 0L)
            else
                null
