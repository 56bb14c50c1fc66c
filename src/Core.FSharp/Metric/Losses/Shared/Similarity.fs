namespace MetricLearning

open TorchSharp

/// Similarities, for losses whose formula is made for them. Distances count as negative similarities.
module internal Similarity =

    /// Entries of a distance matrix as similarities, times a scale.
    let scaled (distance: Distance) (scale: float) (matrix: torch.Tensor) : torch.Tensor =
        matrix .* (if distance.IsInverted then scale else -scale)

    /// The scaled similarities of the anchors of an input to its reference set (N × Nr).
    let matrix (distance: Distance) (scale: float) (input: MetricInput) : torch.Tensor =
        InputDistances.matrix distance input |> scaled distance scale
