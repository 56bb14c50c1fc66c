namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

/// Positive pairs with d > m⁺, negative pairs with d &lt; m⁻; of similarities the other way round. The defaults fit
/// distances. Its statistics are means over all pairs of a kind, 0 if there is none.
[<Sealed>]
type PairMarginMiner
    /// <param name="posMargin">Positive pairs farther apart are kept.</param>
    /// <param name="negMargin">Negative pairs nearer are kept.</param>
    (
        [<Optional; DefaultParameterValue(0.2)>] posMargin: double,
        [<Optional; DefaultParameterValue(0.8)>] negMargin: double
    ) =
    inherit PairMiner("PairMarginMiner", "pos_pair_dist", "neg_pair_dist")

    override this.MinePairs input =
        let matches, differs = input.Matches(), input.Differs()
        let matrix = this.Distance.MatrixOf input
        let posMargin, negMargin = Numeric.scalar posMargin, Numeric.scalar negMargin

        let positive, negative =
            if this.Distance.IsInverted then
                matrix.lt posMargin, matrix.gt negMargin
            else
                matrix.gt posMargin, matrix.lt negMargin

        let mean (mask: torch.Tensor) () =
            Numeric.sum (matrix * mask) / Numeric.atLeastOne (mask.sum ())

        this.Statistics.Record("pos_pair_dist", mean matches)
        this.Statistics.Record("neg_pair_dist", mean differs)
        struct (positive.logical_and matches, negative.logical_and differs)
