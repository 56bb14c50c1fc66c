namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Positive pairs that are less similar than the anchor's most similar negative, negative pairs that are more similar than
/// its least similar positive, within ε: s(a,p) − ε &lt; max s(a,n), s(a,n) + ε > min s(a,p) (Wang et al. 2019,
/// "Multi-similarity loss with general pair weighting"). Anchors that lack either kind have no pairs. Compares by
/// CosineSimilarity by default.
[<Sealed>]
type MultiSimilarityMiner
    /// <param name="epsilon">Tolerance: the larger, the easier the pairs that are kept.</param>
    ([<Optional; DefaultParameterValue(0.1)>] epsilon: double) =
    inherit Miner("MultiSimilarityMiner", CosineSimilarity())

    override this.MineTuples input =
        let matches, differs = input.Matches(), input.Differs()
        // As a similarity: larger is nearer.
        let similarity =
            let matrix = this.Distance.Matrix(input.Embeddings, input.References)
            if this.Distance.IsInverted then matrix else matrix.neg ()

        let fill (mask: torch.Tensor) (value: double) =
            similarity.masked_fill (mask.logical_not (), Numeric.scalar value)

        // Where an anchor lacks one kind, none of the other is beyond the extreme it is filled with.
        let nearestNegative =
            (fill differs (Numeric.lowest similarity.dtype)).amax([| 1L |], true)

        let farthestPositive =
            (fill matches (Numeric.highest similarity.dtype)).amin([| 1L |], true)

        Tuples.pairsWhere
            ((similarity .- epsilon).lt(nearestNegative).logical_and matches)
            ((similarity .+ epsilon).gt(farthestPositive).logical_and differs)
