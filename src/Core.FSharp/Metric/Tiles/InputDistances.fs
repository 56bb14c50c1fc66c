namespace MetricLearning

open TorchSharp

/// Distances of an input's anchors. Tiles share the rows that are compared, as the distance prepares them: checked,
/// normalised, with their statistics.
module internal InputDistances =

    let private ofTile
        (distance: Distance)
        (name: string)
        (tile: Tile<MetricInput>)
        (others: MetricInput -> torch.Tensor | null)
        =
        tile.Shares.Both(distance, name, fun () -> distance.Prepare(tile.Whole.Embeddings, others tile.Whole))

    /// The anchors and the reference set as the distance compares them.
    let rows (distance: Distance) (input: MetricInput) : struct (torch.Tensor * torch.Tensor) =
        match input.Tile with
        | null -> distance.Prepare(input.Embeddings, input.References)
        | tile ->
            let struct (anchors, references) = ofTile distance "references" tile _.References
            struct (tile.OfAnchors anchors, references.Whole)

    /// The anchors with the reference set (N × Nr).
    let matrix (distance: Distance) (input: MetricInput) : torch.Tensor =
        match input.Tile with
        | null -> distance.MatrixOf input
        | _ ->
            let struct (anchors, references) = rows distance input
            distance.Raise(distance.ComputeMatrix(anchors, references))

    /// Some rows of the reference set with all of it.
    let amongReferences (distance: Distance) (some: torch.Tensor) (input: MetricInput) : torch.Tensor =
        let struct (_, references) = rows distance input
        distance.Raise(distance.ComputeMatrix(InOrder.rows some references, references))

    /// The anchors with vectors of classes (N × C), which are made of the embeddings' type and device; in a tile of classes,
    /// with those of its classes.
    let withClasses (distance: Distance) (vectors: torch.Tensor -> torch.Tensor) (input: MetricInput) : torch.Tensor =
        match input.Tile with
        | null -> distance.Matrix(input.Embeddings, vectors input.Embeddings)
        | tile ->
            let struct (anchors, classes) =
                ofTile distance "classes" tile (fun whole -> vectors whole.Embeddings)

            distance.Raise(distance.ComputeMatrix(tile.OfAnchors anchors, tile.OfClasses classes))
