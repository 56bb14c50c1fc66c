namespace MetricLearning

open TorchSharp

/// Histograms that have gradients: a value adds to the two nodes it lies between, the more the nearer.
module internal SoftHistogram =

    /// The histogram of each row (N × (bins + 1)) of values (N × M) over nodes 0, `width`, …, bins · `width`, for each
    /// mask. Values are not below 0; what is above the last node adds less to it the farther it is.
    let rows (bins: int) (width: double) (values: torch.Tensor) (masks: torch.Tensor[]) : torch.Tensor[] =
        let scaled = values ./ width

        let lower =
            scaled.detach().nan_to_num(0.0).floor().clamp(Numeric.scalar 0.0, Numeric.scalar (double (bins - 1)))

        let above = scaled - lower
        let toLower = (1.0 -. above).relu()
        let toUpper = (1.0 -. (above .- 1.0).abs()).relu()
        let lower = lower.to_type torch.ScalarType.Int64
        let upper = lower.plus 1L

        masks
        |> Array.map (fun mask ->
            torch.zeros (values.size 0, int64 bins + 1L, dtype = values.dtype, device = values.device)
            |> InOrder.addInRows lower (toLower * mask)
            |> InOrder.addInRows upper (toUpper * mask))
