namespace MetricLearning.Core.Miners

open MetricLearning
open System
open TorchSharp
open MetricLearning.Core

/// Options of the angular miner.
[<RequireQualifiedAccess>]
type Angular =
    {
        /// In degrees: triplets with a larger angle are kept.
        Angle: double
        /// Whether to collect statistics; null as the global switch says.
        CollectStats: Nullable<bool>
    }

/// Triplets by the angle at the negative, atan(d(a,p) / (2 d(n,c))) with c the middle of anchor and positive (Wang et
/// al. 2017, "Deep metric learning with angular loss"). Embeddings count as they are, without being normalised, as in
/// the reference.
module Angular =

    /// As documented: more than 20 degrees.
    let defaults: Angular =
        {
            Angle = 20.0
            CollectStats = Nullable()
        }

    /// The names of its statistics, over all triplets, in degrees; 0 where there is none.
    let statistics =
        [|
            "average_angle"
            "average_angle_above_threshold"
            "average_angle_below_threshold"
            "min_angle"
            "max_angle"
            "std_of_angle"
        |]

    /// The default distance, and the only one: Euclidean on normalised embeddings.
    let distance () : Distance = LpDistance()

    /// The distance, if the formula is made for it.
    let check (distance: Distance | null) : Distance | null =
        match distance with
        | null -> null
        | given ->
            DistanceChecks.euclidean "AngularMiner" given
            given

    // Positive pairs × candidates: what the framework's pairwise distance adds to every difference, 1e-6, is taken from
    // the centre.
    let private angles (distance: Distance) (anchors: torch.Tensor) (positives: torch.Tensor) (all: torch.Tensor) =
        let across = distance.PairwiseDistance(anchors, positives)
        let centres = (anchors + positives) / 2.0
        let depth = Norms.matrix 2.0 (centres - 1e-6) all
        (across.unsqueeze 1L / (depth * 2.0)).atan()

    let private recordAll (record: Statistics) (limit: Scalar) (found: torch.Tensor) =
        let degrees (angle: torch.Tensor) = angle.rad2deg ()

        if found.NumberOfElements > 0L then
            record.Record("average_angle", fun () -> degrees (found.mean ()))
            record.Record("min_angle", fun () -> degrees (found.min ()))
            record.Record("max_angle", fun () -> degrees (found.max ()))
            record.Record("std_of_angle", fun () -> degrees (found.std ()))
            let above = found.gt limit

            for name, mask in
                [
                    "average_angle_above_threshold", above
                    "average_angle_below_threshold", above.logical_not ()
                ] do
                let part = found.masked_select mask

                if part.NumberOfElements > 0L then
                    record.Record(name, fun () -> degrees (part.mean ()))

    /// The triplets; statistics go to `record`.
    let mine (options: Angular) (record: Statistics) (distance: Distance) (input: MetricInput) : Tuples =
        let struct (anchors, positives) = Tuples.places (input.Matches())
        let limit = Numeric.scalar (options.Angle * Math.PI / 180.0)

        let angles =
            angles
                distance
                (input.Embeddings.index_select (0L, anchors))
                (input.RefEmbeddings.index_select (0L, positives))
                input.RefEmbeddings

        let candidates = (input.Differs()).index_select(0L, anchors)

        if record.Collecting then
            recordAll record limit (angles.masked_select candidates)

        let struct (pair, n) = Tuples.places ((angles.gt limit).logical_and candidates)
        Tuples.Triplets(anchors.index_select (0L, pair), positives.index_select (0L, pair), n)

    /// The miner.
    let miner (options: Angular) : Miner =
        let euclidean = distance ()

        { new Miner(null, euclidean, options.CollectStats, statistics) with
            override this.MineTuples input =
                mine options this.Statistics this.Distance input
        }
