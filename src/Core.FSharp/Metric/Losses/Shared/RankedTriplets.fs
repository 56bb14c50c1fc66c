namespace MetricLearning

open System
open TorchSharp

/// [D(a,p) − D(a,n) + margin]₊ of all triplets that pair a positive with a negative of one anchor, without listing them:
/// their sum is linear in the distances, each times the number of triplets in which it counts. Those numbers come from
/// ranking each anchor's distances, so time and memory do not grow with the number of triplets.
[<Sealed>]
type internal RankedTriplets(matrix: torch.Tensor, masks: TripletMasks, margin: double, isInverted: bool) =

    let positives, negatives = masks.Positives, masks.Negatives

    // (N × Nr): small means similar, at least 32 bits.
    let distances =
        let wide = Numeric.atLeast32 matrix
        if isInverted then wide.neg () else wide

    // Positives of the anchor that has most. To read that from a device waits for it; there, short rows are sorted whole.
    let width () : int64 =
        let references = distances.size 1

        if distances.device_type = DeviceType.CPU || references > 1024L then
            max 1L (positives.sum(1L).max().item<int64>())
        else
            references

    // The number of triplets in which each distance counts, (N × Nr): above zero for positives, below for negatives; and their sum.
    let counts: Lazy<struct (torch.Tensor * torch.Tensor)> =
        lazy
            (use _ = torch.no_grad ()
             let known = distances.detach ()
             let width = width ()

             // Of each anchor, in descending order: how near a negative must be to count with a positive. No distance is so small that
             // it would count with what fills the rows up.
             let struct (limits, where) =
                 (Numeric.whereOr Double.NegativeInfinity positives (known .+ margin)).topk(int width, 1, true, true)

             // The positives with which a candidate does not count as a negative, and fillers: those it lies beyond.
             let passed = torch.searchsorted (limits.flip 1L, known, right = true)
             let isNegative = negatives.to_type torch.ScalarType.Int32

             let atLimit =
                 torch
                     .zeros(known.size 0, width + 1L, dtype = torch.ScalarType.Int32, device = known.device)
                     .scatter_add_(1L, passed, isNegative)
                     .cumsum(1L)
                     .narrow(1L, 0L, width)
                     .flip
                     1L

             let times = (passed.plus -width * isNegative).scatter_add_(1L, where, atLimit)
             struct (times.to_type known.dtype, atLimit.sum ()))

    /// The sum of all values: a scalar, in at least 32 bits.
    member _.Sum() : torch.Tensor =
        let struct (times, triplets) = counts.Value

        (distances * times).sum(torch.ScalarType.Float64).add(triplets, Numeric.scalar margin)
        |> Numeric.ofType distances.dtype

    /// The number of values above zero: an int64 scalar.
    member _.Above() : torch.Tensor =
        let struct (_, triplets) = counts.Value
        triplets

    /// The number of triplets: an int64 scalar.
    member _.Count() : torch.Tensor = masks.Count()
