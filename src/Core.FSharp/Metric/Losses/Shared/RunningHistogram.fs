namespace MetricLearning

open TorchSharp

/// A histogram over batches, of which each new one replaces a share.
module internal RunningHistogram =

    // The bin of every value, and the share of it that belongs to the next one. Values beyond the ends belong to the ends.
    let private place (minVal: float) (bins: int64) (values: torch.Tensor) =
        let width = 2.0 * abs minVal / float bins
        let last = Numeric.scalar (float (bins - 1L))
        let place = ((values .- minVal) ./ width).clamp(Numeric.scalar 0.0, last)
        let bin = place.detach().nan_to_num(0.0).floor()
        struct (bin.to_type torch.ScalarType.Int64, place - bin)

    /// Brings a histogram (bins) from `minVal` to −`minVal` up to date with the values (K) of a batch, in place, and gives the
    /// share of the histogram up to the bin of each value, with gradients.
    let update (minVal: float) (momentum: float) (histogram: torch.Tensor) (values: torch.Tensor) : torch.Tensor =
        let bins = histogram.size 0
        let before = histogram.detach().``to``(values.dtype, values.device, true)
        let struct (bin, share) = place minVal bins values
        let next = bin.plus(1L).clamp_max(Numeric.whole (bins - 1L))

        let counts =
            torch.zeros_like before
            |> InOrder.add bin (1.0 -. share)
            |> InOrder.add next share

        let ofBatch = counts ./ float (values.size 0)
        // The first batch is the whole histogram.
        let momentum =
            torch.where (
                before.sum().gt(Numeric.scalar 0.0),
                torch.full_like (before, Numeric.scalar momentum),
                torch.ones_like before
            )

        let updated = (1.0 -. momentum) * before .+. momentum * ofBatch

        do
            use _ = torch.no_grad ()
            histogram.copy_ (updated.detach ()) |> ignore

        InOrder.runningSums (updated / updated.sum ()) |> InOrder.rows bin
