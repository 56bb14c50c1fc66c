namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// Triplets by the angle at the negative, atan(d(a,p) / (2 d(n,c))) with c the middle of anchor and positive (Wang et al.
/// 2017, "Deep metric learning with angular loss"). Embeddings are compared without being normalised, as in the reference.
/// The distance must be LpDistance as it is by default. Its statistics are of all triplets, in degrees; 0 if there is none.
[<Sealed>]
type AngularMiner
    /// <param name="angle">Triplets with a larger angle, in degrees, are kept.</param>
    ([<Optional; DefaultParameterValue(20.0)>] angle: double) =
    inherit
        Miner(
            "AngularMiner",
            "average_angle",
            "average_angle_above_threshold",
            "average_angle_below_threshold",
            "min_angle",
            "max_angle",
            "std_of_angle"
        )

    let limit = angle * Math.PI / 180.0

    let record (statistics: Statistics) (angles: torch.Tensor) : unit =
        let degrees (name: string) (angle: unit -> torch.Tensor) =
            statistics.Record(name, fun () -> angle().rad2deg())

        let meanWhere (name: string) (mask: torch.Tensor) =
            let part = angles.masked_select mask

            if part.NumberOfElements > 0L then
                degrees name (fun () -> part.mean ())

        if angles.NumberOfElements > 0L then
            degrees "average_angle" (fun () -> angles.mean ())
            degrees "min_angle" (fun () -> angles.min ())
            degrees "max_angle" (fun () -> angles.max ())
            degrees "std_of_angle" (fun () -> angles.std ())
            let above = angles.gt (Numeric.scalar limit)
            meanWhere "average_angle_above_threshold" above
            meanWhere "average_angle_below_threshold" (above.logical_not ())

    override this.CheckDistance distance =
        DistanceChecks.euclidean this.Name distance

    override this.MineTuples input =
        let struct (anchors, positives) = Tuples.places (input.Matches())
        let candidates = (input.Differs()).index_select(0L, anchors)
        let a = input.Embeddings.index_select (0L, anchors)
        let p = input.RefEmbeddings.index_select (0L, positives)
        // (P × Nr). The framework's pairwise distance adds 1e-6 to every difference; here the centre takes it.
        let depth = Norms.matrix 2.0 ((a .+. p) ./ 2.0 .- 1e-6) input.RefEmbeddings

        let angles =
            (this.Distance.PairwiseDistance(a, p).unsqueeze 1L / (depth .* 2.0)).atan()

        if this.Statistics.Collecting then
            record this.Statistics (angles.masked_select candidates)

        Tuples.tripletsWhere anchors positives ((angles.gt (Numeric.scalar limit)).logical_and candidates)
