namespace MetricLearning

open System.Runtime.InteropServices

/// [d(a,p) − m⁺]₊ for positive pairs, [m⁻ − d(a,n)]₊ for negative pairs, each kind reduced on its own, then added (Hadsell et
/// al. 2006, "Dimensionality reduction by learning an invariant mapping"). The default margins fit distances; for
/// similarities 1 and 0 make sense.
[<Sealed>]
type ContrastiveLoss
    /// <param name="posMargin">Positive pairs nearer than this cost nothing.</param>
    /// <param name="negMargin">Negative pairs farther than this cost nothing.</param>
    (
        [<Optional; DefaultParameterValue(0.0)>] posMargin: float,
        [<Optional; DefaultParameterValue(1.0)>] negMargin: float
    ) =
    inherit GenericPairLoss("ContrastiveLoss", reducer = AvgNonZeroReducer())

    override _.AnchorsAreIndependent = true
    override _.NumbersPerAnchor input = RowNumbers.ofPairs input

    override _.Parts = [| "pos_loss"; "neg_loss" |]

    override this.ComputePairs(positives, negatives) =
        [|
            positives.Elements("pos_loss", this.Distance.Margin(positives.Values, posMargin).relu())
            negatives.Elements("neg_loss", this.Distance.Margin(negMargin, negatives.Values).relu())
        |]
