namespace MetricLearning.Core.Miners

open System
open TorchSharp
open MetricLearning.Core

/// Distances that a miner may choose from, ends included.
[<Struct; NoComparison>]
type DistanceRange =
    {
        /// The smallest.
        Low: double
        /// The largest.
        High: double
    }

/// Options of the batch hard miner.
[<RequireQualifiedAccess>]
type BatchHard =
    {
        /// Positives outside are passed over; null: none is.
        AllowedPosRange: Nullable<DistanceRange>
        /// Negatives outside are passed over; null: none is.
        AllowedNegRange: Nullable<DistanceRange>
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// For every anchor the farthest positive and the nearest negative (Hermans et al. 2017, "In defense of the triplet
/// loss").
module BatchHard =

    /// As documented: all distances allowed.
    let defaults: BatchHard =
        {
            AllowedPosRange = Nullable()
            AllowedNegRange = Nullable()
            CollectStats = Nullable()
        }

    /// The names of its statistics; 0 where nothing was chosen.
    let statistics =
        [|
            "easiest_triplet"
            "hardest_triplet"
            "easiest_pos_pair"
            "hardest_pos_pair"
            "easiest_neg_pair"
            "hardest_neg_pair"
        |]

    /// The default distance: Euclidean on normalised embeddings.
    let distance () =
        Distances.Lp.distance Distances.Lp.defaults

    let private allowed (range: Nullable<DistanceRange>) (matrix: torch.Tensor) (mask: torch.Tensor) =
        if range.HasValue then
            let { Low = low; High = high } = range.Value

            mask.logical_and(matrix.ge (Numeric.scalar low)).logical_and(matrix.le (Numeric.scalar high))
        else
            mask

    /// The triplets; anchors that lack either kind have none. Statistics go to `record`.
    let mine (options: BatchHard) (record: Statistics) (distance: Distance) (input: MetricInput) : Tuples =
        let matrix = distance.Matrix(input.Embeddings, input.References)
        let positives = allowed options.AllowedPosRange matrix (input.Matches())
        let negatives = allowed options.AllowedNegRange matrix (input.Differs())
        let lowest, highest = Numeric.lowest matrix.dtype, Numeric.highest matrix.dtype

        let nearest, farthest =
            if distance.IsInverted then
                highest, lowest
            else
                lowest, highest

        let filled (mask: torch.Tensor) (value: double) =
            matrix.masked_fill (mask.logical_not (), Numeric.scalar value)

        // What is masked is as near, or as far, as can be, and so never chosen.
        let struct (positiveDistance, positive) =
            distance.LargestDist(filled positives nearest, 1L)

        let struct (negativeDistance, negative) =
            distance.SmallestDist(filled negatives farthest, 1L)

        let both = (positives.any 1L).logical_and(negatives.any 1L)
        let anchors = both.nonzero().squeeze 1L

        if anchors.size 0 > 0L then
            let positiveDistance = positiveDistance.masked_select both
            let negativeDistance = negativeDistance.masked_select both
            let difference = positiveDistance - negativeDistance
            record.Record("easiest_triplet", fun () -> distance.SmallestDist difference)
            record.Record("hardest_triplet", fun () -> distance.LargestDist difference)
            record.Record("easiest_pos_pair", fun () -> distance.SmallestDist positiveDistance)
            record.Record("hardest_pos_pair", fun () -> distance.LargestDist positiveDistance)
            record.Record("easiest_neg_pair", fun () -> distance.LargestDist negativeDistance)
            record.Record("hardest_neg_pair", fun () -> distance.SmallestDist negativeDistance)

        Tuples.Triplets(anchors, positive.masked_select both, negative.masked_select both)

    /// The miner.
    let miner (options: BatchHard) : Miner =
        let euclidean = distance ()

        { new Miner(null, euclidean, options.CollectStats, statistics) with
            override this.MineTuples input =
                mine options this.Statistics this.Distance input
        }
