namespace MetricLearning

open System.Runtime.InteropServices
open TorchSharp

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

    override _.AnchorsAreIndependent = true

    override this.ComputeLoss input =
        let negatives (matrix: torch.Tensor) (input: MetricInput) =
            AnchorNegatives.logSumExp input (this.Distance.Margin(negMargin, matrix))

        let matrix = InputDistances.matrix this.Distance input

        // Of other anchors as well: a pair's second end may be in another tile.
        let ofAnchors =
            match input.Tile with
            | null -> negatives matrix input
            | _ ->
                input.OfAllAnchors(
                    this,
                    "negatives",
                    (fun part -> negatives (InputDistances.matrix this.Distance part) part)
                )

        // Without any negative pair the loss is 0.
        let pairs =
            PairDistances.AgainstNegatives(matrix, input).OnlyIf(AnchorNegatives.exist ofAnchors)

        let violation =
            this.Distance.Margin(pairs.Values, posMargin)
            .+. AnchorNegatives.ofBothEnds input ofAnchors pairs

        [| pairs.Elements("loss", violation.relu().squared() ./ 2.0) |]
