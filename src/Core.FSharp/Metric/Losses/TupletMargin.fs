namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of the tuplet margin loss.
[<RequireQualifiedAccess>]
type TupletMargin =
    {
        /// By how many degrees a positive counts as nearer than it is.
        Margin: double
        /// Scale.
        Scale: double
    }

/// log(1 + Σ exp s(cos θ⁻ − cos(θ⁺ − β))) for every positive pair, over the negatives of its anchor (Yu & Tao 2019,
/// "Deep metric learning with tuplet margin loss").
module TupletMargin =

    /// As documented.
    let defaults: TupletMargin = { Margin = 5.73; Scale = 64.0 }

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())
        |> LossSettings.checkDistance (DistanceChecks.cosine "TupletMarginLoss")

    // cos(θ − β) = cos θ cos β + sin θ sin β.
    let private turned (margin: double) (cosine: torch.Tensor) =
        let beta = margin * Math.PI / 180.0
        // Where the sine is 0, as for equal embeddings, its root has no finite slope.
        let limit = 1.0 - Numeric.epsilon cosine.dtype
        let inner = cosine.clamp (Numeric.scalar -limit, Numeric.scalar limit)
        inner * cos beta + (1.0 - inner.square ()).sqrt() * sin beta

    /// One value a positive pair.
    let elements (options: TupletMargin) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let matrix = distance.Matrix(input.Embeddings, input.References)

        let values (cosines: torch.Tensor) (negatives: torch.Tensor) =
            LogSumExp.plusOne (negatives - turned options.Margin cosines * options.Scale)

        match input.Tuples with
        | Tuples.All ->
            let negatives = AnchorNegatives.logSumExp input (matrix * options.Scale)

            [|
                ElementsOf.PairMatrix(
                    "loss",
                    ElementKind.PositivePair,
                    values matrix (negatives.unsqueeze 1L),
                    input.Matches()
                )
            |]
        | _ ->
            let struct (a1, p, a2, _) = input.Pairs()

            if a1.size 0 = 0L || a2.size 0 = 0L then
                [| ElementsOf.Nothing("loss", input.Embeddings) |]
            else
                let negatives = AnchorNegatives.logSumExp input (matrix * options.Scale)
                let values = values (matrix.index (a1, p)) (negatives.index_select (0L, a1))
                [| ElementsOf.Pairs("loss", ElementKind.PositivePair, values, a1, p) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: TupletMargin) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements options)

    /// The loss.
    let loss (options: TupletMargin) : Loss = lossWith LossSettings.defaults options
