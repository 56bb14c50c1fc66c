namespace MetricLearning

open System.Runtime.InteropServices

/// log(1 + Σ exp(4 tan²α (a + p)·n − 2 (1 + tan²α) a·p)) for every positive pair, over all samples of other classes than the
/// anchor's, whatever negatives tuples name (Wang et al. 2017, "Deep metric learning with angular loss"). Anchors and
/// positives are scaled to length 1; negatives are not, as in the reference.
[<Sealed>]
type AngularLoss
    /// <param name="alpha">Upper bound of the angle at the negative, in degrees.</param>
    ([<Optional; DefaultParameterValue(40.0)>] alpha: float) =
    inherit Loss("AngularLoss")

    let squaredTangent = tan (AngularMargin.radians alpha) ** 2.0

    override _.AnchorsAreIndependent = true
    override _.NumbersPerAnchor input = RowNumbers.ofPositives input

    override this.CheckDistance distance =
        DistanceChecks.euclidean this.Name distance

    override this.ComputeLoss input =
        input.RequireLabels() |> ignore
        let struct (a, p) = input.PositivePairs()
        let anchors = InOrder.rows a (this.Distance.Normalize input.Embeddings)
        let positives = InOrder.rows p (this.Distance.Normalize input.RefEmbeddings)

        let apart =
            (anchors .+. positives).mm(input.RefEmbeddings.t ()) .* (4.0 * squaredTangent)

        let together =
            (anchors * positives).sum([| 1L |], true) .* (2.0 * (1.0 + squaredTangent))

        let values =
            LogSumExp.withOne 1L (InOrder.rows a (input.Differs())) (apart - together)

        [| ElementsOf.Pairs("loss", ElementKind.PositivePair, values, a, p) |]
