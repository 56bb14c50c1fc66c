namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of the ranked list loss, which is made for distances.
[<RequireQualifiedAccess>]
type RankedList =
    {
        /// How far the boundary of positives lies before that of negatives.
        Margin: double
        /// How much nearer negatives count more; above 5 the nearest counts alone.
        Tn: double
        /// Which part of the loss is the negatives', 0 to 1.
        Imbalance: double
        /// The boundary of negatives; null: 1 + margin / 2.
        Alpha: Nullable<double>
        /// How much farther positives count more; above 5 the farthest counts alone.
        Tp: double
    }

/// For every sample the weighted mean of d⁺ − (α − m) over positives beyond α − m, and of α − d⁻ over negatives within α,
/// weights growing with the violation (Wang et al. 2019, "Ranked list loss for deep metric learning").
module RankedList =

    /// The documented defaults of what need not be given.
    let defaults (margin: double) (tn: double) : RankedList =
        {
            Margin = margin
            Tn = tn
            Imbalance = 0.5
            Alpha = Nullable()
            Tp = 0.0
        }

    /// The options, if they make sense.
    let check (options: RankedList) : RankedList =
        if not (options.Imbalance >= 0.0 && options.Imbalance <= 1.0) then
            invalidArg
                (nameof options.Imbalance)
                $"imbalance is the negatives' part of the loss, from 0 to 1; it is {options.Imbalance}."

        options

    /// Distance and reducer where none is given: Euclidean on normalised embeddings, the mean.
    let settings (given: LossSettings) : LossSettings =
        given |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> MeanReducer())

    // Keeps the weighted mean of nothing finite.
    let private floor = 1e-5

    /// One value a sample.
    let elements (options: RankedList) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        input.RejectReference()
        input.RejectTuples()
        input.RequireLabels() |> ignore

        let alpha =
            if options.Alpha.HasValue then
                options.Alpha.Value
            else
                1.0 + options.Margin / 2.0

        let matrix = Numeric.atLeast32 (distance.Matrix(input.Embeddings, null))

        let mean (violation: torch.Tensor) (temperature: double) (mask: torch.Tensor) =
            let counted = mask.logical_and (violation.gt (Numeric.scalar 0.0))
            let weights = (violation * temperature).exp() * counted
            (violation * weights).sum 1L / (weights + floor).sum 1L

        let positive = mean (matrix - (alpha - options.Margin)) options.Tp (input.Matches())
        let negative = mean (alpha - matrix) options.Tn (input.Differs())

        [|
            ElementsOf.Rows("loss", positive * (1.0 - options.Imbalance) + negative * options.Imbalance)
        |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: RankedList) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements (check options), false)

    /// The loss.
    let loss (options: RankedList) : Loss = lossWith LossSettings.defaults options
