namespace MetricLearning.Core

open System
open System.Collections.Generic

/// Options of the triplet margin loss.
[<RequireQualifiedAccess>]
type TripletMargin =
    {
        /// How much farther than the positive the negative should be.
        Margin: double
        /// Whether the negative's distance is taken to the anchor or the positive, whichever is nearer.
        Swap: bool
        /// Whether log(1 + eˣ) stands in for max(0, x).
        SmoothLoss: bool
        /// Random triplets for each anchor where tuples are `All`; null: all there are.
        TripletsPerAnchor: Nullable<int>
    }

/// [d(a,p) − d(a,n) + margin]₊ for every triplet (Weinberger & Saul 2009; Schroff et al. 2015, "FaceNet").
module TripletMargin =

    /// As documented: a margin of 0.05 and all triplets.
    let defaults: TripletMargin =
        {
            Margin = 0.05
            Swap = false
            SmoothLoss = false
            TripletsPerAnchor = Nullable()
        }

    /// Distance and reducer where none is given: Euclidean on normalised embeddings, the mean of those above 0.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> Distances.Lp.distance Distances.Lp.defaults) Reducers.AvgNonZero.reducer

    /// One value a triplet.
    let elements (options: TripletMargin) (distance: Distance) (input: MetricInput) : IReadOnlyList<Elements> =
        let triplets = TripletDistances.Of(distance, input, options.TripletsPerAnchor)

        let negative =
            if options.Swap then
                distance.SmallestDist(triplets.AnchorNegative, triplets.PositiveNegative)
            else
                triplets.AnchorNegative

        let violation = distance.Margin(triplets.AnchorPositive, negative) + options.Margin

        let values =
            if options.SmoothLoss then
                LogSumExp.plusOne violation
            else
                violation.relu ()

        [| triplets.Elements("loss", values, null) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: TripletMargin) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: TripletMargin) : Loss = lossWith LossSettings.defaults options
