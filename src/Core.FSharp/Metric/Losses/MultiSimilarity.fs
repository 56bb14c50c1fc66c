namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic

/// Options of the multi-similarity loss.
[<RequireQualifiedAccess>]
type MultiSimilarity =
    {
        /// Sharpness for positive pairs.
        Alpha: double
        /// Sharpness for negative pairs.
        Beta: double
        /// The similarity that separates them.
        Base: double
    }

/// (1/α) log(1 + Σ exp α(λ − s⁺)) + (1/β) log(1 + Σ exp β(s⁻ − λ)) for every anchor (Wang et al. 2019,
/// "Multi-similarity loss with general pair weighting").
module MultiSimilarity =

    /// As documented.
    let defaults: MultiSimilarity = { Alpha = 2.0; Beta = 50.0; Base = 0.5 }

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())

    /// One value a sample.
    let elements (options: MultiSimilarity) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let pairs = PairMasks.Of input

        if pairs.IsEmpty then
            [| ElementsOf.Nothing("loss", input.Embeddings) |]
        else
            let excess =
                distance.Margin(distance.Matrix(input.Embeddings, input.References), options.Base)

            let positive = LogSumExp.withOne 1L pairs.Positive (excess * options.Alpha)
            let negative = LogSumExp.withOne 1L pairs.Negative (excess * -options.Beta)

            [|
                ElementsOf.Rows("loss", positive / options.Alpha + negative / options.Beta)
            |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: MultiSimilarity) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: MultiSimilarity) : Loss = lossWith LossSettings.defaults options
