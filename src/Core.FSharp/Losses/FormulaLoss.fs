namespace MetricLearning.Core

open System.Collections.Generic

/// A loss that is its formula and learns nothing.
[<Sealed>]
type internal FormulaLoss
    (settings: LossSettings, parts: string[], formula: Distance -> MetricInput -> IReadOnlyList<Elements>) =
    inherit Loss(settings)
    override _.Parts = parts
    override this.ComputeLoss input = formula this.Distance input

/// A loss that is its formula, learns nothing and stays within the batch.
[<Sealed>]
type internal BatchFormulaLoss(settings: LossSettings, formula: Distance -> MetricInput -> IReadOnlyList<Elements>) =
    inherit Loss(settings)
    override _.TakesReferences = false
    override this.ComputeLoss input = formula this.Distance input
