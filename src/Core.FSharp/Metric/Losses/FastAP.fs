namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic

/// Options of the FastAP loss.
[<RequireQualifiedAccess>]
type FastAP =
    {
        /// How many bins distances are parted into.
        NumBins: int
    }

/// 1 − (1/N⁺) Σ h⁺ H⁺ / H for every sample that has another of its class: average precision from histograms of its
/// distances, H being the cumulative h (Cakir et al. 2019, "Deep metric learning to rank").
module FastAP =

    /// As documented.
    let defaults: FastAP = { NumBins = 10 }

    /// The options, if they make sense.
    let check (options: FastAP) : FastAP =
        if options.NumBins < 1 then
            invalidArg (nameof options.NumBins) $"A histogram needs at least one bin; it was given {options.NumBins}."

        options

    /// Distance and reducer where none is given: squared Euclidean on normalised embeddings, the mean.
    let settings (given: LossSettings) : LossSettings =
        let squared () : Distance = LpDistance(power = 2.0)

        given
        |> LossSettings.orElse squared (fun () -> MeanReducer())
        |> LossSettings.checkDistance (DistanceChecks.euclideanToAPower "FastAPLoss")

    /// One value a sample of those that have a positive.
    let elements (options: FastAP) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        input.RejectReference()
        input.RequireLabels() |> ignore
        let matches = input.Matches()
        let matrix = Numeric.atLeast32 (distance.Matrix(input.Embeddings, null))
        // Points of the unit sphere are at most 2 apart.
        let width = 2.0 ** distance.Power / double options.NumBins

        let histograms =
            SoftHistogram.rows options.NumBins width matrix [| matches; input.Differs() |]

        let positive, negative = histograms[0], histograms[1]
        let cumulativePositive = positive.cumsum 1L
        let cumulative = (positive + negative).cumsum 1L

        let precision =
            cumulativePositive / (cumulative + cumulative.eq (Numeric.scalar 0.0))

        let count = matches.sum 1L

        let values = 1.0 - (positive * precision).sum 1L / Numeric.atLeastOne count

        let weighted =
            match input.Weights() with
            | null -> values
            | weights -> values * weights

        [| ElementsOf.RowsWhere("loss", weighted, matches.any 1L).NothingIsZero() |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: FastAP) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements (check options), false)

    /// The loss.
    let loss (options: FastAP) : Loss = lossWith LossSettings.defaults options
