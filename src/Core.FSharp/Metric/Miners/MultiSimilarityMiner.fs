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
    inherit PairMiner("MultiSimilarityMiner", CosineSimilarity())

    override this.MinePairs input =
        let matches, differs = input.Matches(), input.Differs()
        // As a similarity: larger is nearer.
        let similarity =
            let matrix = this.Distance.MatrixOf input
            if this.Distance.IsInverted then matrix else matrix.neg ()

        // No entry that is filled is beyond the other kind's extreme, nor is any entry where an anchor lacks that kind.
        let ofPositives =
            Numeric.whereOr (Numeric.highest similarity.dtype) matches similarity

        let ofNegatives =
            Numeric.whereOr (Numeric.lowest similarity.dtype) differs similarity

        struct ((ofPositives .- epsilon).lt(ofNegatives.amax ([| 1L |], true)),
                (ofNegatives .+ epsilon).gt(ofPositives.amin ([| 1L |], true)))
