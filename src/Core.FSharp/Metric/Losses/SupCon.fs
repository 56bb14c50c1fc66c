namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic

/// Options of the supervised contrastive loss.
[<RequireQualifiedAccess>]
type SupCon =
    {
        /// What similarities are divided by.
        Temperature: double
    }

/// −(1/P) Σ over an anchor's P positives of [s⁺/τ − log Σ exp(s/τ)], the sum going over its positives and negatives
/// (Khosla et al. 2020, "Supervised contrastive learning"). Distances count as negative similarities.
module SupCon =

    /// As documented.
    let defaults: SupCon = { Temperature = 0.1 }

    /// Distance and reducer where none is given: cosine similarity, the mean of those above 0.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> AvgNonZeroReducer())

    /// One value a sample; 0 for one without positives, and for all of them where either kind of pair is missing.
    let elements (options: SupCon) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let pairs = PairMasks.Of input

        if pairs.IsEmpty then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let scale = (if distance.IsInverted then 1.0 else -1.0) / options.Temperature
            let logits = distance.Matrix(input.Embeddings, input.References) * scale
            let positive, negative = pairs.Positive, pairs.Negative
            let all = LogSumExp.orZero 1L (positive.logical_or negative) logits
            let each = positive.sum 1L
            let mean = (logits * positive).sum 1L / Numeric.atLeastOne each
            let counted = (each.gt (Numeric.scalar 0.0)).logical_and(negative.any ())

            [| ElementsOf.Rows("loss", (all - mean) * counted) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: SupCon) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: SupCon) : Loss = lossWith LossSettings.defaults options
