namespace MetricLearning

open TorchSharp

/// The size of tiles.
module internal Tiling =

    // A formula keeps and passes as many matrices as this, masks and gradients included.
    let private matrices = 16L

    // Matrices of this many bytes are made anew in memory that the process already has, and larger ones are not faster.
    let private handy = 16L <<< 20

    /// The number of anchors (or classes) that are computed together; none if all are.
    let size (maxMemory: int64) (numbersPerAnchor: int64) (anchors: int64) (like: torch.Tensor) : int64 voption =
        let bytes = max 1L numbersPerAnchor * max 4L (int64 (like.dtype.ElementSize()))

        if anchors < 2L || bytes * anchors <= maxMemory / matrices then
            ValueNone
        else
            let largest = max 1L (min (maxMemory / matrices) handy / bytes)
            let tiles = (anchors + largest - 1L) / largest
            ValueSome((anchors + tiles - 1L) / tiles)
