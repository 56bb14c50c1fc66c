namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic

/// Options of the generalised lifted structure loss. The defaults fit distances.
[<RequireQualifiedAccess>]
type GeneralizedLiftedStructure =
    {
        /// What negative distances are taken from.
        NegMargin: double
        /// What is taken from positive distances.
        PosMargin: double
    }

/// [log Σ exp(d⁺ − m⁺) + log Σ exp(m⁻ − d⁻)]₊ for every anchor (Hermans et al. 2017, "In defense of the triplet loss");
/// the sum of a kind that an anchor lacks counts as 0.
module GeneralizedLiftedStructure =

    /// As documented.
    let defaults: GeneralizedLiftedStructure = { NegMargin = 1.0; PosMargin = 0.0 }

    /// Distance and reducer where none is given: Euclidean on normalised embeddings, the mean.
    let settings (given: LossSettings) : LossSettings =
        given |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> MeanReducer())

    /// One value a sample.
    let elements
        (options: GeneralizedLiftedStructure)
        (distance: Distance)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        let pairs = PairMasks.Of input

        if pairs.IsEmpty then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let matrix = distance.Matrix(input.Embeddings, input.References)

            let positive =
                LogSumExp.orZero 1L pairs.Positive (distance.Margin(matrix, options.PosMargin))

            let negative =
                LogSumExp.orZero 1L pairs.Negative (distance.Margin(options.NegMargin, matrix))

            [| ElementsOf.Rows("loss", (positive + negative).relu()) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: GeneralizedLiftedStructure) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: GeneralizedLiftedStructure) : Loss = lossWith LossSettings.defaults options
