namespace MetricLearning

open TorchSharp

/// The part that rows have in common. Squared distances by matrix products are differences of squares: of rows that are far from 0 compared
/// with how far they are from each other, rounding would leave little. Distances do not change when all rows move.
module internal Offset =

    let private sampled = 1024L

    // A mean whose square is this many times the variance costs four of the 24 bits of a float.
    let private far = 16.0

    /// A function that moves rows (N × D) like these near 0: by one of them, so that what was exact or equal stays so. As they are,
    /// where that is near enough.
    let remover (rows: torch.Tensor) : torch.Tensor -> torch.Tensor =
        use scope = torch.NewDisposeScope()
        let step = max 1L (rows.size 0 / sampled)
        let some = rows.slice(0L, 0L, rows.size 0, step).to_type torch.float64
        let mean = some.mean ([| 0L |], true)
        let common = mean.squared().sum().item<float>()
        let spread = (some - mean).squared().sum(1L).mean().item<float>()

        if common > far * spread then
            let origin = scope.MoveToOuter(rows.narrow (0L, 0L, 1L))
            fun given -> given - origin
        else
            id
