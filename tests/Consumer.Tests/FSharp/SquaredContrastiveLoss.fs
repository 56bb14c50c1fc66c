namespace MetricLearning

open System.Runtime.InteropServices

/// [d(a,p) − m]₊² for positive pairs, [n − d(a,n)]₊² for negative pairs (authors, year, "Title").
[<Sealed>]
type SquaredContrastiveLoss
    /// <param name="posMargin">Positive pairs nearer than this cost nothing.</param>
    /// <param name="negMargin">Negative pairs farther than this cost nothing.</param>
    (
        [<Optional; DefaultParameterValue(0.0)>] posMargin: float,
        [<Optional; DefaultParameterValue(1.0)>] negMargin: float
    ) =
    inherit GenericPairLoss("SquaredContrastiveLoss")

    override _.Parts = [| "pos_loss"; "neg_loss" |]

    override this.ComputePairs(positives, negatives) =
        let tooFar = this.Distance.Margin(positives.Values, posMargin).relu()
        let tooNear = this.Distance.Margin(negMargin, negatives.Values).relu()

        [|
            positives.Elements("pos_loss", tooFar * tooFar)
            negatives.Elements("neg_loss", tooNear * tooNear)
        |]
