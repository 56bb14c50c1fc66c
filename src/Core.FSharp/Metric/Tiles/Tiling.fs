namespace MetricLearning

open TorchSharp

/// The size of tiles.
module internal Tiling =

    // A formula keeps and passes as many matrices as this, masks and gradients included.
    let private matrices = 16L

    // Matrices of this many bytes are made anew in memory that the process already has, and larger ones are not faster.
    let private handy = 16L <<< 20

    let private divideUp (number: int64) (divisor: int64) : int64 = (number + divisor - 1L) / divisor

    /// The number of anchors (or classes) that are computed together; none if all are. Where several processes share the tiles,
    /// each has as many.
    let size (maxMemory: int64) (numbersPerAnchor: int64) (anchors: int64) (like: torch.Tensor) : int64 voption =
        let bytes = max 1L numbersPerAnchor * max 4L (int64 (like.dtype.ElementSize()))

        if anchors < 2L || bytes * anchors <= maxMemory / matrices then
            ValueNone
        else
            let largest = max 1L (min (maxMemory / matrices) handy / bytes)
            let processes = TileTeam.Size
            let tiles = processes * divideUp (divideUp anchors largest) processes
            let rows = divideUp anchors tiles
            // A tile more, rather than a process without one.
            ValueSome(
                if divideUp anchors rows < processes then
                    max 1L (anchors / processes)
                else
                    rows
            )
