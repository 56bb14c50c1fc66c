namespace MetricLearning

open System.Runtime.InteropServices

/// ½ [d(i,j) − m⁺ + log Σ exp(m⁻ − d(·,n))]₊² for every positive pair (i, j), over the negatives of i and of j (Song et al. 2016,
/// "Deep metric learning via lifted structured feature embedding"). The default margins fit distances.
[<Sealed>]
type LiftedStructureLoss
    /// <param name="negMargin">Margin m⁻ of negative pairs.</param>
    /// <param name="posMargin">Margin m⁺ of positive pairs.</param>
    (
        [<Optional; DefaultParameterValue(1.0)>] negMargin: float,
        [<Optional; DefaultParameterValue(0.0)>] posMargin: float
    ) =
    inherit Loss("LiftedStructureLoss")

    override this.ComputeLoss input =
        let matrix = this.Distance.Matrix(input.Embeddings, input.References)

        let ofAnchors =
            AnchorNegatives.logSumExp input (this.Distance.Margin(negMargin, matrix))

        // Without any negative pair the loss is 0.
        let pairs =
            PairDistances.AgainstNegatives(matrix, input).OnlyIf(AnchorNegatives.exist ofAnchors)

        let violation =
            this.Distance.Margin(pairs.Values, posMargin)
            .+. AnchorNegatives.ofBothEnds input ofAnchors pairs

        [| pairs.Elements("loss", violation.relu().squared() ./ 2.0) |]
