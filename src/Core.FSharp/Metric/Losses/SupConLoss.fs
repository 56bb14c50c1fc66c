namespace MetricLearning

open System.Runtime.InteropServices

/// −(1/P) Σ over an anchor's P positives of [s⁺/τ − log Σ exp(s/τ)], the sum going over its positives and negatives (Khosla et al.
/// 2020, "Supervised contrastive learning"). It is 0 for an anchor without positives, and for all of them if there is no
/// negative pair. Distances count as negative similarities.
[<Sealed>]
type SupConLoss
    /// <param name="temperature">Temperature τ: similarities are divided by it.</param>
    ([<Optional; DefaultParameterValue(0.1)>] temperature: float) =
    inherit AnchorLoss("SupConLoss", CosineSimilarity(), AvgNonZeroReducer())

    override _.AnchorsAreIndependent = true

    override this.ComputeRows(distances, pairs) =
        let logits = Similarity.scaled this.Distance (1.0 / temperature) distances
        let positive, negative = pairs.Positive, pairs.Negative
        let all = LogSumExp.orZero 1L (positive.logical_or negative) logits
        let each = positive.sum 1L
        let mean = (logits * positive).sum 1L / Numeric.atLeastOne each
        (all - mean) * (each.gt (Numeric.scalar 0.0)).logical_and(pairs.AnyNegative)
