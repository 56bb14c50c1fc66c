namespace MetricLearning

open System
open TorchSharp

/// The nearest and the farthest of every anchor, for miners that choose these.
module internal Extremes =

    /// The entries of a mask whose distance is in a range (ends included; null: all).
    let within (range: Nullable<struct (double * double)>) (matrix: torch.Tensor) (mask: torch.Tensor) : torch.Tensor =
        if range.HasValue then
            let struct (low, high) = range.Value
            mask.logical_and(matrix.ge (Numeric.scalar low)).logical_and(matrix.le (Numeric.scalar high))
        else
            mask

    let private filled (value: double) (matrix: torch.Tensor) (mask: torch.Tensor) =
        matrix.masked_fill (mask.logical_not (), Numeric.scalar value)

    let private ends (distance: Distance) (matrix: torch.Tensor) =
        let lowest, highest = Numeric.lowest matrix.dtype, Numeric.highest matrix.dtype

        if distance.IsInverted then
            highest, lowest
        else
            lowest, highest

    /// The farthest entry of every row that a mask has: its distance and its column (N). Masked entries are as near as can
    /// be, and so never chosen.
    let farthest
        (distance: Distance)
        (matrix: torch.Tensor)
        (mask: torch.Tensor)
        : struct (torch.Tensor * torch.Tensor) =
        distance.LargestDist(filled (fst (ends distance matrix)) matrix mask, 1L)

    /// The nearest entry of every row that a mask has: its distance and its column (N).
    let nearest
        (distance: Distance)
        (matrix: torch.Tensor)
        (mask: torch.Tensor)
        : struct (torch.Tensor * torch.Tensor) =
        distance.SmallestDist(filled (snd (ends distance matrix)) matrix mask, 1L)

    /// The names of the statistics of the chosen pairs; 0 if there is none.
    let statistics =
        [|
            "easiest_triplet"
            "hardest_triplet"
            "easiest_pos_pair"
            "hardest_pos_pair"
            "easiest_neg_pair"
            "hardest_neg_pair"
        |]

    /// Records the distances of positive pairs.
    let recordPositives (record: Statistics) (distance: Distance) (chosen: torch.Tensor) : unit =
        if chosen.size 0 > 0L then
            record.Record("easiest_pos_pair", fun () -> distance.SmallestDist chosen)
            record.Record("hardest_pos_pair", fun () -> distance.LargestDist chosen)

    /// Records the distances of negative pairs.
    let recordNegatives (record: Statistics) (distance: Distance) (chosen: torch.Tensor) : unit =
        if chosen.size 0 > 0L then
            record.Record("easiest_neg_pair", fun () -> distance.LargestDist chosen)
            record.Record("hardest_neg_pair", fun () -> distance.SmallestDist chosen)

    /// Records the distances of triplets, pair by pair.
    let recordTriplets
        (record: Statistics)
        (distance: Distance)
        (positive: torch.Tensor)
        (negative: torch.Tensor)
        : unit =
        if positive.size 0 > 0L then
            let difference = positive - negative
            record.Record("easiest_triplet", fun () -> distance.SmallestDist difference)
            record.Record("hardest_triplet", fun () -> distance.LargestDist difference)

        recordPositives record distance positive
        recordNegatives record distance negative
