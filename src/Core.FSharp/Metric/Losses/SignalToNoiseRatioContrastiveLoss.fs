namespace MetricLearning

open System.Runtime.InteropServices

/// [d(a,p) − m⁺]₊ for positive pairs, [m⁻ − d(a,n)]₊ for negative pairs, on the signal-to-noise distance (Yuan et al. 2019,
/// "Signal-to-noise ratio: a robust distance metric for deep metric learning"). Each kind is reduced on its own, then added.
[<Sealed>]
type SignalToNoiseRatioContrastiveLoss
    /// <param name="posMargin">Positive pairs nearer than this cost nothing.</param>
    /// <param name="negMargin">Negative pairs farther than this cost nothing.</param>
    (
        [<Optional; DefaultParameterValue(0.0)>] posMargin: float,
        [<Optional; DefaultParameterValue(1.0)>] negMargin: float
    ) =
    inherit GenericPairLoss("SignalToNoiseRatioContrastiveLoss", SNRDistance(), AvgNonZeroReducer())

    override _.CheckDistance distance =
        if distance.Kind <> DistanceKind.SignalToNoise then
            invalidArg
                (nameof distance)
                "SignalToNoiseRatioContrastiveLoss needs SNRDistance: leave the distance out, or use ContrastiveLoss."

    override _.AnchorsAreIndependent = true
    override _.NumbersPerAnchor input = RowNumbers.ofPairs input

    override _.Parts = [| "pos_loss"; "neg_loss" |]

    override _.ComputePairs(positives, negatives) =
        [|
            positives.Elements("pos_loss", (positives.Values .- posMargin).relu())
            negatives.Elements("neg_loss", (negMargin -. negatives.Values).relu())
        |]
