namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic
open TorchSharp

/// Options of the circle loss.
[<RequireQualifiedAccess>]
type Circle =
    {
        /// Relaxation: positives should reach 1 − m, negatives stay under m.
        M: double
        /// Scale.
        Gamma: double
    }

/// softplus(log Σ exp(−γ α⁺(s⁺ − (1 − m))) + log Σ exp(γ α⁻(s⁻ − m))) for every anchor that has both kinds, with α⁺ =
/// [1 + m − s⁺]₊ and α⁻ = [s⁻ + m]₊ as constants (Sun et al. 2020, "Circle loss").
module Circle =

    /// As documented.
    let defaults: Circle = { M = 0.4; Gamma = 80.0 }

    /// An error unless the distance is the cosine, which the formula is made for.
    let check (distance: Distance) =
        if distance.Kind <> DistanceKind.Cosine then
            invalidArg (nameof distance) "CircleLoss needs CosineSimilarity: leave the distance out."

    /// Distance and reducer where none is given: cosine similarity, the mean of those above 0.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> AvgNonZeroReducer())
        |> LossSettings.checkDistance check

    /// One value a sample.
    let elements (options: Circle) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let pairs = PairMasks.Of input

        if pairs.IsEmpty then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let m, gamma = options.M, options.Gamma
            let similarity = distance.Matrix(input.Embeddings, input.References)
            let weightOfPositive = (1.0 + m - similarity.detach ()).relu()
            let weightOfNegative = (similarity.detach () + m).relu()

            let positive =
                LogSumExp.orZero 1L pairs.Positive (weightOfPositive * (similarity - (1.0 - m)) * -gamma)

            let negative =
                LogSumExp.orZero 1L pairs.Negative (weightOfNegative * (similarity - m) * gamma)

            let both = (pairs.Positive.any 1L).logical_and(pairs.Negative.any 1L)

            [|
                ElementsOf.Rows("loss", torch.nn.functional.softplus (positive + negative) * both)
            |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: Circle) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: Circle) : Loss = lossWith LossSettings.defaults options
