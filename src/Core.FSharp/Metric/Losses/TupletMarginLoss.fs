namespace MetricLearning

open System.Runtime.InteropServices

/// log(1 + Σ exp κ(cos θ⁻ − cos(θ⁺ − β))) for every positive pair, over the negatives of its anchor (Yu & Tao 2019, "Deep metric
/// learning with tuplet margin loss").
[<Sealed>]
type TupletMarginLoss
    /// <param name="margin">Margin β: positives count as nearer by this angle, in degrees.</param>
    /// <param name="scale">Scale κ.</param>
    ([<Optional; DefaultParameterValue(5.73)>] margin: float, [<Optional; DefaultParameterValue(64.0)>] scale: float) =
    inherit Loss("TupletMarginLoss", CosineSimilarity())

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override this.ComputeLoss input =
        let cosines = InputDistances.matrix this.Distance input
        let pairs = PairDistances.AgainstNegatives(cosines, input)

        let negatives =
            pairs.OfAnchors(AnchorNegatives.logSumExpOrNothing input (cosines .* scale))

        let positives = AngularMargin.turned -(AngularMargin.radians margin) pairs.Values
        [| pairs.Elements("loss", LogSumExp.plusOne (negatives - positives .* scale)) |]
