namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Which triplets a miner keeps, by t = d(a,n) − d(a,p) and a margin m.
type TypeOfTriplets =
    /// t ≤ m.
    | All = 0
    /// t ≤ 0: the negative is nearer than the positive.
    | Hard = 1
    /// 0 < t ≤ m.
    | Semihard = 2
    /// t > m.
    | Easy = 3

/// Options of the triplet margin miner.
[<RequireQualifiedAccess>]
type TripletMargin =
    {
        /// The largest difference that still counts as a violation.
        Margin: double
        /// Which triplets to keep.
        TypeOfTriplets: TypeOfTriplets
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// Triplets by how far the negative is beyond the positive (Schroff et al. 2015, "FaceNet").
module TripletMargin =

    /// As documented: all violations of a margin of 0.2.
    let defaults: TripletMargin =
        {
            Margin = 0.2
            TypeOfTriplets = TypeOfTriplets.All
            CollectStats = Nullable()
        }

    /// The names of its statistics: means over all triplets; NaN where there is none.
    let statistics = [| "avg_triplet_margin"; "pos_pair_dist"; "neg_pair_dist" |]

    /// The default distance: Euclidean on normalised embeddings.
    let distance () : Distance = LpDistance()

    let private kept (margin: double) (kind: TypeOfTriplets) (difference: torch.Tensor) =
        let limit, zero = Numeric.scalar margin, Numeric.scalar 0.0

        match kind with
        | TypeOfTriplets.All -> difference.le limit
        | TypeOfTriplets.Hard -> (difference.le limit).logical_and(difference.le zero)
        | TypeOfTriplets.Semihard -> (difference.le limit).logical_and(difference.gt zero)
        | TypeOfTriplets.Easy -> difference.gt limit
        | unknown ->
            invalidArg (nameof kind) $"There is no type of triplets {int unknown}: All, Hard, Semihard or Easy."

    /// The triplets; statistics go to `record`.
    let mine (options: TripletMargin) (record: Statistics) (distance: Distance) (input: MetricInput) : Tuples =
        let matrix = distance.Matrix(input.Embeddings, input.References)
        let struct (anchors, positives) = Tuples.places (input.Matches())
        let negativeDistances = matrix.index_select (0L, anchors)
        let positiveDistances = negativeDistances.gather (1L, positives.unsqueeze 1L)
        let difference = distance.Margin(negativeDistances, positiveDistances)
        let candidates = (input.Differs()).index_select(0L, anchors)

        let mean (values: torch.Tensor) =
            (values.expand_as(candidates).masked_select candidates).mean()

        record.Record("avg_triplet_margin", fun () -> mean difference)
        record.Record("pos_pair_dist", fun () -> mean positiveDistances)
        record.Record("neg_pair_dist", fun () -> mean negativeDistances)

        let struct (pair, n) =
            Tuples.places ((kept options.Margin options.TypeOfTriplets difference).logical_and candidates)

        Tuples.Triplets(anchors.index_select (0L, pair), positives.index_select (0L, pair), n)

    /// The miner.
    let miner (options: TripletMargin) : Miner =
        let euclidean = distance ()

        { new Miner(null, euclidean, options.CollectStats, statistics) with
            override this.MineTuples input =
                mine options this.Statistics this.Distance input
        }
