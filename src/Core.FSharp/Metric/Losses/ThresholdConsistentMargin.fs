namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of the threshold-consistent margin loss.
[<RequireQualifiedAccess>]
type ThresholdConsistentMargin =
    {
        /// The weight of positive pairs.
        LambdaPlus: double
        /// The weight of negative pairs.
        LambdaMinus: double
        /// Positive pairs more similar than this cost nothing.
        MarginPlus: double
        /// Negative pairs less similar than this cost nothing.
        MarginMinus: double
    }

/// λ⁺ times the mean of m⁺ − s⁺ over positive pairs with s⁺ ≤ m⁺, plus λ⁻ times the mean of s⁻ − m⁻ over negative pairs
/// with s⁻ ≥ m⁻ (Zhang et al. 2024, "Threshold-consistent margin loss for open-world deep metric learning"): a companion
/// to another loss.
module ThresholdConsistentMargin =

    /// As documented.
    let defaults: ThresholdConsistentMargin =
        {
            LambdaPlus = 1.0
            LambdaMinus = 1.0
            MarginPlus = 0.9
            MarginMinus = 0.5
        }

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())
        |> LossSettings.checkDistance (DistanceChecks.cosine "ThresholdConsistentMarginLoss")

    // The mean over pairs whose excess is not below 0; 0 where there is none.
    let private mean (pairs: PairDistances) (excess: torch.Tensor) =
        let sum (values: torch.Tensor) = pairs.Elements("loss", values).Sum()
        let counted = sum (excess.ge(Numeric.scalar 0.0).to_type excess.dtype)
        sum (excess.relu ()) / counted.clamp_min (Numeric.scalar 1.0)

    /// One value for the batch.
    let elements
        (options: ThresholdConsistentMargin)
        (distance: Distance)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        let struct (positives, negatives) = PairDistances.Of(distance, input)
        let hasNone (pairs: PairDistances) = pairs.Values.NumberOfElements = 0L

        if hasNone positives && hasNone negatives then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let tooFar = mean positives (options.MarginPlus - positives.Values)
            let tooNear = mean negatives (negatives.Values - options.MarginMinus)

            [|
                ElementsOf.Reduced("loss", tooFar * options.LambdaPlus + tooNear * options.LambdaMinus)
            |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: ThresholdConsistentMargin) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: ThresholdConsistentMargin) : Loss = lossWith LossSettings.defaults options
