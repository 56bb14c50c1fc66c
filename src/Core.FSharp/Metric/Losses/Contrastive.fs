namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic

/// Options of the contrastive loss. The defaults fit distances; for similarities 1 and 0 make sense.
[<RequireQualifiedAccess>]
type Contrastive =
    {
        /// Positive pairs nearer than this cost nothing.
        PosMargin: double
        /// Negative pairs farther than this cost nothing.
        NegMargin: double
    }

/// [d(a,p) − m⁺]₊ for positive pairs, [m⁻ − d(a,n)]₊ for negative pairs (Hadsell et al. 2006, "Dimensionality reduction
/// by learning an invariant mapping"), each reduced on its own, then added.
module Contrastive =

    /// As documented.
    let defaults: Contrastive = { PosMargin = 0.0; NegMargin = 1.0 }

    /// The parts.
    let parts = [| "pos_loss"; "neg_loss" |]

    /// Distance and reducer where none is given: Euclidean on normalised embeddings, the mean of those above 0.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> AvgNonZeroReducer())

    /// One value a pair.
    let elements (options: Contrastive) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let struct (positives, negatives) = PairDistances.Of(distance, input)
        let tooFar = distance.Margin(positives.Values, options.PosMargin).relu()
        let tooNear = distance.Margin(options.NegMargin, negatives.Values).relu()

        [|
            positives.Elements(parts[0], tooFar)
            negatives.Elements(parts[1], tooNear)
        |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: Contrastive) : Loss =
        new FormulaLoss(settings given, parts, elements options)

    /// The loss.
    let loss (options: Contrastive) : Loss = lossWith LossSettings.defaults options
