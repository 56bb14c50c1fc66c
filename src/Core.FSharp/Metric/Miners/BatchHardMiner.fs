namespace MetricLearning

open System
open System.Runtime.InteropServices

/// The farthest positive and the nearest negative of every anchor that has both (Hermans et al. 2017, "In defense of the
/// triplet loss"). Its statistics are 0 if nothing was chosen.
[<Sealed>]
type BatchHardMiner
    /// <param name="allowedPosRange">Positives at distances outside (low, high) are ignored; null: none is.</param>
    /// <param name="allowedNegRange">Negatives at distances outside (low, high) are ignored; null: none is.</param>
    (
        [<Optional>] allowedPosRange: Nullable<struct (double * double)>,
        [<Optional>] allowedNegRange: Nullable<struct (double * double)>
    ) =
    inherit Miner("BatchHardMiner", Extremes.statistics)

    override this.MineTuples input =
        let matrix = this.Distance.Matrix(input.Embeddings, input.References)
        let positives = Extremes.within allowedPosRange matrix (input.Matches())
        let negatives = Extremes.within allowedNegRange matrix (input.Differs())

        let struct (positiveDistance, positive) =
            Extremes.farthest this.Distance matrix positives

        let struct (negativeDistance, negative) =
            Extremes.nearest this.Distance matrix negatives

        let both = (positives.any 1L).logical_and(negatives.any 1L)
        let anchors = both.nonzero().squeeze 1L

        if this.Statistics.Collecting then
            Extremes.recordTriplets
                this.Statistics
                this.Distance
                (positiveDistance.masked_select both)
                (negativeDistance.masked_select both)

        Tuples.Triplets(anchors, positive.masked_select both, negative.masked_select both)
