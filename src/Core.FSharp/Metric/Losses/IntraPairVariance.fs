namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of the intra-pair variance loss.
[<RequireQualifiedAccess>]
type IntraPairVariance =
    {
        /// How far below the mean positive similarity a positive pair may be, as a part of it.
        PosEps: double
        /// How far above the mean negative similarity a negative pair may be, as a part of it.
        NegEps: double
    }

/// [(1 − ε) μ⁺ − s⁺]₊² for positive pairs, [s⁻ − (1 + ε) μ⁻]₊² for negative pairs, with the mean similarity μ of each
/// kind (Yu & Tao 2019, "Deep metric learning with tuplet margin loss"); mirrored for distances. Each kind is reduced on
/// its own, then added.
module IntraPairVariance =

    /// As documented.
    let defaults: IntraPairVariance = { PosEps = 0.01; NegEps = 0.01 }

    /// The parts.
    let parts = [| "pos_loss"; "neg_loss" |]

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())

    // Beyond a limit a little on the bad side of the mean.
    let private tooFar (distance: Distance) (eps: double) (values: torch.Tensor) (mean: torch.Tensor) =
        let limit = mean * (if distance.IsInverted then 1.0 - eps else 1.0 + eps)
        distance.Margin(values, limit).relu().square()

    let private tooNear (distance: Distance) (eps: double) (values: torch.Tensor) (mean: torch.Tensor) =
        let limit = mean * (if distance.IsInverted then 1.0 + eps else 1.0 - eps)
        distance.Margin(limit, values).relu().square()

    /// One value a pair.
    let elements (options: IntraPairVariance) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let struct (positives, negatives) = PairDistances.Of(distance, input)

        let part (name: string) (pairs: PairDistances) (violation: torch.Tensor -> torch.Tensor -> torch.Tensor) =
            let mean = pairs.Elements(name, pairs.Values).Mean()
            pairs.Elements(name, violation pairs.Values (mean.to_type pairs.Values.dtype))

        [|
            part parts[0] positives (tooFar distance options.PosEps)
            part parts[1] negatives (tooNear distance options.NegEps)
        |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: IntraPairVariance) : Loss =
        new FormulaLoss(settings given, parts, elements options)

    /// The loss.
    let loss (options: IntraPairVariance) : Loss = lossWith LossSettings.defaults options
