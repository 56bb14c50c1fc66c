namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// λ⁺ times the mean of m⁺ − s⁺ over positive pairs with s⁺ ≤ m⁺, plus λ⁻ times the mean of s⁻ − m⁻ over negative pairs with s⁻ ≥
/// m⁻ (Zhang et al. 2024, "Threshold-consistent margin loss for open-world deep metric learning"): a companion to another
/// loss.
[<Sealed>]
type ThresholdConsistentMarginLoss
    /// <param name="lambdaPlus">Weight λ⁺ of positive pairs.</param>
    /// <param name="lambdaMinus">Weight λ⁻ of negative pairs.</param>
    /// <param name="marginPlus">Positive pairs more similar than m⁺ cost nothing.</param>
    /// <param name="marginMinus">Negative pairs less similar than m⁻ cost nothing.</param>
    (
        [<Optional; DefaultParameterValue(1.0)>] lambdaPlus: float,
        [<Optional; DefaultParameterValue(1.0)>] lambdaMinus: float,
        [<Optional; DefaultParameterValue(0.9)>] marginPlus: float,
        [<Optional; DefaultParameterValue(0.5)>] marginMinus: float
    ) =
    inherit GenericPairLoss("ThresholdConsistentMarginLoss", CosineSimilarity())

    // The sum over pairs whose excess is not below 0, and their number.
    let sumAndCount (pairs: PairDistances) (excess: torch.Tensor) : torch.Tensor[] =
        let sum (values: torch.Tensor) = pairs.Elements("loss", values).Sum()

        [|
            sum (excess.relu ())
            sum (excess.ge(Numeric.scalar 0.0).to_type excess.dtype)
        |]

    // 0 of none.
    let mean (sum: torch.Tensor) (counted: torch.Tensor) : torch.Tensor =
        sum / counted.clamp_min (Numeric.scalar 1.0)

    override _.AnchorsAreIndependent = true
    override _.NumbersPerAnchor input = RowNumbers.ofPairs input

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override _.ComputePairs(positives, negatives) =
        let hasNone (pairs: PairDistances) = pairs.Values.NumberOfElements = 0L

        if hasNone positives && hasNone negatives then
            [| ElementsOf.Nothing("loss", positives.Values) |]
        else
            let tooFar = sumAndCount positives (marginPlus -. positives.Values)
            let tooNear = sumAndCount negatives (negatives.Values .- marginMinus)

            let weighted (sums: torch.Tensor[]) =
                mean sums[0] sums[1] .* lambdaPlus .+. mean sums[2] sums[3] .* lambdaMinus

            [| FoldedElements("loss", Array.append tooFar tooNear, weighted) |]
