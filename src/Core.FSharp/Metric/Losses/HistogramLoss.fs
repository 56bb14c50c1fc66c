namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// The probability that a random negative pair is more similar than a random positive pair, from histograms of similarities
/// (Ustinova & Lempitsky 2016, "Learning deep embeddings with histogram loss").
[<Sealed>]
type HistogramLoss
    /// <param name="nBins">Number of bins from −1 to 1; null: as many as are delta wide, or 100.</param>
    /// <param name="delta">Width of a bin; null: 2 / nBins.</param>
    ([<Optional>] nBins: Nullable<int>, [<Optional>] delta: Nullable<float>) =
    inherit Loss("HistogramLoss", CosineSimilarity())

    let bins =
        if nBins.HasValue then nBins.Value
        elif delta.HasValue then int (round (2.0 / delta.Value))
        else 100

    let width = 2.0 / float bins

    do
        if bins < 1 then
            invalidArg (nameof nBins) $"A histogram needs at least one bin; it was given {bins}."

        if delta.HasValue && not (abs (delta.Value - width) <= 1e-9 * width) then
            invalidArg
                (nameof delta)
                $"Bins of width {delta.Value} do not part the similarities from −1 to 1 into {bins}: delta must be 2 / nBins. Give one of them."

    // The pairs of triplets, each once whichever end is the anchor: the pairs of anchors that have both kinds.
    let once (mask: torch.Tensor) (other: torch.Tensor) : torch.Tensor =
        let ofTriplets = mask.logical_and (other.any (1L, true))
        ofTriplets.logical_or(ofTriplets.t ()).triu().reshape(1L, -1L)

    /// The number of bins.
    member internal _.Bins = bins

    override _.TakesReferences = false

    override this.ComputeLoss input =
        input.RejectReference()
        let pairs = PairMasks.Of input

        let positive, negative =
            once pairs.Positive pairs.Negative, once pairs.Negative pairs.Positive

        let similarities =
            (Numeric.atLeast32 (this.Distance.Matrix(input.Embeddings, null)))
                .clamp(Numeric.scalar -1.0, Numeric.scalar 1.0)
                .reshape(1L, -1L)

        let histograms =
            SoftHistogram.rows bins width (similarities .+ 1.0) [| positive; negative |]

        let share (histogram: torch.Tensor) (mask: torch.Tensor) =
            histogram / Numeric.atLeastOne (mask.sum ())

        let ofPositive, ofNegative =
            share histograms[0] positive, share histograms[1] negative

        [|
            ElementsOf.Reduced("loss", (ofNegative * InOrder.runningSums ofPositive).sum())
        |]
