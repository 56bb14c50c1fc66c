namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// The weighted mean of d⁺ − (α − m) over positives beyond α − m, and of α − d⁻ over negatives within α, for every sample; weights
/// grow with the violation (Wang et al. 2019, "Ranked list loss for deep metric learning"). Made for distances.
[<Sealed>]
type RankedListLoss
    /// <param name="margin">Distance m of the boundary of positives before that of negatives.</param>
    /// <param name="tn">Growth of the weights of negatives; above 5 the nearest counts alone.</param>
    /// <param name="imbalance">Share of the negatives in the loss, 0 to 1.</param>
    /// <param name="alpha">Boundary α of negatives; null: 1 + margin / 2.</param>
    /// <param name="tp">Growth of the weights of positives; above 5 the farthest counts alone.</param>
    (
        margin: float,
        tn: float,
        [<Optional; DefaultParameterValue(0.5)>] imbalance: float,
        [<Optional>] alpha: Nullable<float>,
        [<Optional; DefaultParameterValue(0.0)>] tp: float
    ) =
    inherit Loss("RankedListLoss")

    do
        if not (imbalance >= 0.0 && imbalance <= 1.0) then
            invalidArg
                (nameof imbalance)
                $"imbalance is the negatives' part of the loss, from 0 to 1; it is {imbalance}."

    // Keeps the weighted mean of nothing finite.
    let floor = 1e-5

    let mean (violation: torch.Tensor) (temperature: float) (mask: torch.Tensor) : torch.Tensor =
        let counted = mask.logical_and (violation.gt (Numeric.scalar 0.0))
        let weights = (violation .* temperature).exp() * counted
        (violation * weights).sum 1L / (weights .+ floor).sum 1L

    override _.AnchorsAreIndependent = true

    override _.TakesTuples = false

    override _.TakesReferences = false

    override this.ComputeLoss input =
        input.RejectReference()
        input.RejectTuples()
        input.RequireLabels() |> ignore
        let alpha = if alpha.HasValue then alpha.Value else 1.0 + margin / 2.0
        let matrix = Numeric.atLeast32 (InputDistances.matrix this.Distance input)
        let positive = mean (matrix .- (alpha - margin)) tp (input.Matches())
        let negative = mean (alpha -. matrix) tn (input.Differs())

        [|
            ElementsOf.Rows("loss", positive .* (1.0 - imbalance) .+. negative .* imbalance)
        |]
