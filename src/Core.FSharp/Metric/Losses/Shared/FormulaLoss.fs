namespace MetricLearning

open MetricLearning.Core
open System.Collections.Generic

/// A loss that is its formula and learns nothing.
[<Sealed>]
type internal FormulaLoss
    (
        settings: LossSettings,
        parts: string[],
        formula: Distance -> MetricInput -> IReadOnlyList<LossElements>,
        takesReferences: bool
    ) =
    inherit Loss(settings)

    /// A formula that takes reference embeddings.
    new(settings, parts, formula) = new FormulaLoss(settings, parts, formula, true)

    /// Says by its type which loss it is.
    member internal _.Formula: obj = formula

    override _.Parts = parts
    override _.TakesReferences = takesReferences
    override this.ComputeLoss input = formula this.Distance input
