namespace MetricLearning.Core.Miners

open MetricLearning
open System
open MetricLearning.Core

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
    let statistics = Extremes.statistics

    /// The default distance: Euclidean on normalised embeddings.
    let distance () : Distance = LpDistance()

    /// The triplets; anchors that lack either kind have none. Statistics go to `record`.
    let mine (options: BatchHard) (record: Statistics) (distance: Distance) (input: MetricInput) : Tuples =
        let matrix = distance.Matrix(input.Embeddings, input.References)
        let positives = Extremes.within options.AllowedPosRange matrix (input.Matches())
        let negatives = Extremes.within options.AllowedNegRange matrix (input.Differs())

        let struct (positiveDistance, positive) =
            Extremes.farthest distance matrix positives

        let struct (negativeDistance, negative) = Extremes.nearest distance matrix negatives
        let both = (positives.any 1L).logical_and(negatives.any 1L)
        let anchors = both.nonzero().squeeze 1L

        if record.Collecting then
            Extremes.recordTriplets
                record
                distance
                (positiveDistance.masked_select both)
                (negativeDistance.masked_select both)

        Tuples.Triplets(anchors, positive.masked_select both, negative.masked_select both)

    /// The miner.
    let miner (options: BatchHard) : Miner =
        let euclidean = distance ()

        { new Miner(null, euclidean, options.CollectStats, statistics) with
            override this.MineTuples input =
                mine options this.Statistics this.Distance input
        }
