namespace MetricLearning

open MetricLearning.Core
open System
open System.Collections.Generic
open TorchSharp

/// Options of the histogram loss. Of bins and their width one is enough.
[<RequireQualifiedAccess>]
type Histogram =
    {
        /// How many bins similarities from −1 to 1 are parted into; null: as many as are `Delta` wide, or 100.
        NBins: Nullable<int>
        /// How wide a bin is; null: 2 / `NBins`.
        Delta: Nullable<double>
    }

/// How probable it is that a random negative pair is more similar than a random positive pair, from histograms of
/// similarities (Ustinova & Lempitsky 2016, "Learning deep embeddings with histogram loss").
module Histogram =

    /// As documented: 100 bins.
    let defaults: Histogram =
        {
            NBins = Nullable()
            Delta = Nullable()
        }

    /// How many bins there are. ArgumentException if number and width do not fit.
    let bins (options: Histogram) : int =
        let count =
            if options.NBins.HasValue then
                options.NBins.Value
            elif options.Delta.HasValue then
                int (round (2.0 / options.Delta.Value))
            else
                100

        if count < 1 then
            invalidArg (nameof options) $"A histogram needs at least one bin; it was given {count}."

        let expected = 2.0 / double count

        if
            options.Delta.HasValue
            && not (abs (options.Delta.Value - expected) <= 1e-9 * expected)
        then
            invalidArg
                (nameof options)
                $"Bins of width {options.Delta.Value} do not part the similarities from −1 to 1 into {count}: delta must be 2 / nBins. Give one of them."

        count

    /// Distance and reducer where none is given: cosine similarity, the mean.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> CosineSimilarity()) (fun () -> MeanReducer())

    // The pairs of triplets, each once whichever end is the anchor: the pairs of anchors that have both kinds.
    let private masks (input: MetricInput) =
        let pairs = PairMasks.Of input

        let once (mask: torch.Tensor) (other: torch.Tensor) =
            let ofTriplets = mask.logical_and (other.any (1L, true))
            ofTriplets.logical_or(ofTriplets.t ()).triu()

        once pairs.Positive pairs.Negative, once pairs.Negative pairs.Positive

    /// The options, if number and width of the bins fit.
    let check (options: Histogram) : Histogram =
        bins options |> ignore
        options

    /// One value for the batch.
    let elements (options: Histogram) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let count = bins options
        input.RejectReference()
        let positive, negative = masks input

        let similarity =
            (Numeric.atLeast32 (distance.Matrix(input.Embeddings, null))).clamp(Numeric.scalar -1.0, Numeric.scalar 1.0)

        let row (matrix: torch.Tensor) = matrix.reshape (1L, -1L)

        let histograms =
            SoftHistogram.rows count (2.0 / double count) (row (similarity + 1.0)) [| row positive; row negative |]

        let share (histogram: torch.Tensor) (mask: torch.Tensor) =
            histogram / Numeric.atLeastOne (mask.sum ())

        let ofPositive, ofNegative =
            share histograms[0] positive, share histograms[1] negative

        [| ElementsOf.Reduced("loss", (ofNegative * ofPositive.cumsum 1L).sum()) |]

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: Histogram) : Loss =
        new FormulaLoss(settings given, [| "loss" |], elements (check options), false)

    /// The loss.
    let loss (options: Histogram) : Loss = lossWith LossSettings.defaults options
