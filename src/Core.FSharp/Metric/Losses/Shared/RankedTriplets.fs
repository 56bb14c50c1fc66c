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

    // The number of triplets in which each distance counts, (N × Nr): above zero for positives, below for negatives.
    let counts: Lazy<struct (torch.Tensor * torch.Tensor)> =
        lazy
            (use _ = torch.no_grad ()
             let known = distances.detach ()
             let each = positives.sum (1L, true)
             let most = max 1L (each.max().item<int64>())

             // Of each anchor, in ascending order: how near a negative must be to count with a positive.
             let thresholds =
                 (known .+ margin).masked_fill(positives.logical_not (), Numeric.scalar Double.PositiveInfinity)

             let struct (limits, where) = thresholds.topk (int most, 1, false, true)
             // The positives with which a candidate does not count as a negative: those it lies beyond.
             let passed = torch.searchsorted (limits, known, right = true)

             let atLimit =
                 torch
                     .zeros(known.size 0, most + 1L, dtype = torch.ScalarType.Int32, device = known.device)
                     .scatter_add_(1L, passed, negatives.to_type torch.ScalarType.Int32)
                     .cumsum(1L)
                     .narrow(1L, 0L, most)
                     .to_type
                     known.dtype

             let atLimit = atLimit.masked_fill (limits.isposinf (), Numeric.scalar 0.0)

             let asNegative = (each - passed).to_type known.dtype * negatives
             let asPositive = torch.zeros_like(known).scatter_(1L, where, atLimit)
             struct (asPositive - asNegative, atLimit.sum torch.ScalarType.Float64))

    /// The sum of all values: a scalar, in at least 32 bits.
    member _.Sum() : torch.Tensor =
        let struct (times, triplets) = counts.Value
        let sum = (distances * times).sum torch.ScalarType.Float64 .+. triplets .* margin
        sum.to_type distances.dtype

    /// The number of values above zero: an int64 scalar.
    member _.Above() : torch.Tensor =
        let struct (_, triplets) = counts.Value
        triplets.to_type torch.ScalarType.Int64

    /// The number of triplets: an int64 scalar.
    member _.Count() : torch.Tensor = masks.Count()
