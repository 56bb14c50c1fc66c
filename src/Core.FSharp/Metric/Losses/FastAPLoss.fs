namespace MetricLearning

open System.Runtime.InteropServices

/// 1 − (1/N⁺) Σ h⁺ H⁺ / H for every sample that has another of its class: average precision from histograms of its distances,
/// H being the cumulative h (Cakir et al. 2019, "Deep metric learning to rank").
[<Sealed>]
type FastAPLoss
    /// <param name="numBins">Number of bins of the histograms.</param>
    ([<Optional; DefaultParameterValue(10)>] numBins: int) =
    inherit Loss("FastAPLoss", LpDistance(power = 2.0))

    do
        if numBins < 1 then
            invalidArg (nameof numBins) $"A histogram needs at least one bin; it was given {numBins}."

    override _.AnchorsAreIndependent = true
    override _.NumbersPerAnchor input = 2L * input.RefEmbeddings.size 0

    override this.CheckDistance distance =
        DistanceChecks.euclideanToAPower this.Name distance

    override _.TakesReferences = false

    override this.ComputeLoss input =
        input.RejectReference()
        input.RequireLabels() |> ignore
        let matches = input.Matches()
        let matrix = Numeric.atLeast32 (InputDistances.matrix this.Distance input)
        // Points of the unit sphere are at most 2 apart.
        let width = 2.0 ** this.Distance.Power / float numBins

        let histograms =
            SoftHistogram.rows numBins width matrix [| matches; input.Differs() |]

        let positive, negative = histograms[0], histograms[1]
        let cumulative = InOrder.runningSums (positive .+. negative)

        let precision =
            InOrder.runningSums positive
            / (cumulative .+. cumulative.eq (Numeric.scalar 0.0))

        let values =
            1.0 -. (positive * precision).sum 1L / Numeric.atLeastOne (matches.sum 1L)

        [|
            ElementsOf.RowsWhere("loss", input.Weighted values, matches.any 1L).NothingIsZero()
        |]
