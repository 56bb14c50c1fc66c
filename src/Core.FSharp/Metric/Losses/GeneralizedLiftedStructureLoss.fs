namespace MetricLearning

open System.Runtime.InteropServices

/// [log Σ exp(d⁺ − m⁺) + log Σ exp(m⁻ − d⁻)]₊ for every anchor (Hermans et al. 2017, "In defense of the triplet loss"); the sum
/// of a kind of pairs that an anchor lacks counts as 0. The default margins fit distances.
[<Sealed>]
type GeneralizedLiftedStructureLoss
    /// <param name="negMargin">Margin m⁻ of negative pairs.</param>
    /// <param name="posMargin">Margin m⁺ of positive pairs.</param>
    (
        [<Optional; DefaultParameterValue(1.0)>] negMargin: float,
        [<Optional; DefaultParameterValue(0.0)>] posMargin: float
    ) =
    inherit AnchorLoss("GeneralizedLiftedStructureLoss")

    override _.AnchorsAreIndependent = true

    override this.ComputeRows(distances, pairs) =
        let positive =
            LogSumExp.orZero 1L pairs.Positive (this.Distance.Margin(distances, posMargin))

        let negative =
            LogSumExp.orZero 1L pairs.Negative (this.Distance.Margin(negMargin, distances))

        (positive .+. negative).relu()
