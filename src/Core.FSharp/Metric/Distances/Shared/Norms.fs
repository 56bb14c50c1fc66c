namespace MetricLearning

open TorchSharp

/// p-norms of differences between rows.
module internal Norms =

    // Of so few rows libtorch takes differences, which is exact.
    let private few = 25L

    /// ‖xᵢ − yⱼ‖ₚ for all i, j. 16-bit embeddings are compared in 32 bits.
    let matrix (p: double) (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor =
        if Numeric.isHalf query.dtype then
            torch.cdist(query.``float`` (), reference.``float`` (), p).to_type query.dtype
        elif p = 2.0 && (query.size 0 > few || reference.size 0 > few) then
            EuclideanMatrix.Of(query, reference)
        else
            torch.cdist (query, reference, p)

    /// ‖xᵢ − yᵢ‖ₚ. 16-bit embeddings are compared in 32 bits.
    let pairs (p: double) (query: torch.Tensor) (reference: torch.Tensor) : torch.Tensor =
        let norm (difference: torch.Tensor) =
            torch.linalg.norm (difference, p, [| 1L |])

        if Numeric.isHalf query.dtype then
            norm(query.``float`` () - reference.``float`` ()).to_type query.dtype
        else
            norm (query - reference)
