namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// softplus(log Σ exp(−γ α⁺(s⁺ − (1 − m))) + log Σ exp(γ α⁻(s⁻ − m))) for every anchor that has both kinds of pairs, with
/// constant α⁺ = [1 + m − s⁺]₊ and α⁻ = [s⁻ + m]₊ (Sun et al. 2020, "Circle loss").
[<Sealed>]
type CircleLoss
    /// <param name="m">Relaxation: positives should reach 1 − m, negatives stay under m.</param>
    /// <param name="gamma">Scale.</param>
    ([<Optional; DefaultParameterValue(0.4)>] m: float, [<Optional; DefaultParameterValue(80.0)>] gamma: float) =
    inherit AnchorLoss("CircleLoss", CosineSimilarity(), AvgNonZeroReducer())

    override _.AnchorsAreIndependent = true

    override this.CheckDistance distance =
        DistanceChecks.cosine this.Name distance

    override _.ComputeRows(similarities, pairs) =
        let weightOfPositive = (1.0 + m -. similarities.detach ()).relu()
        let weightOfNegative = (similarities.detach () .+ m).relu()

        let positive =
            LogSumExp.orZero 1L pairs.Positive (weightOfPositive * (similarities .- (1.0 - m)) .* -gamma)

        let negative =
            LogSumExp.orZero 1L pairs.Negative (weightOfNegative * (similarities .- m) .* gamma)

        let both = (pairs.Positive.any 1L).logical_and(pairs.Negative.any 1L)
        // softplus(x), which TorchSharp offers only with numbers that it does not keep, is −log σ(−x).
        (positive .+. negative).neg().log_sigmoid().neg() * both
