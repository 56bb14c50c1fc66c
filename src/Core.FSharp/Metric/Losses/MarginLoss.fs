namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// [d(a,p) − β + α]₊ + [β − d(a,n) + α]₊ for every triplet, divided by the number of terms above 0 (Wu et al. 2017, "Sampling
/// matters in deep embedding learning"). A learned β is the parameter `beta` (1, or numClasses).
[<Sealed>]
type MarginLoss
    /// <param name="margin">Distance α of positives and negatives from the boundary.</param>
    /// <param name="nu">Cost ν of a learned β.</param>
    /// <param name="beta">Boundary β between positive and negative distances; its initial value if it is learned.</param>
    /// <param name="tripletsPerAnchor">Number of random triplets for each anchor if no tuples are given; null: all.</param>
    /// <param name="learnBeta">Learns β.</param>
    /// <param name="numClasses">Learns a β for each class of the anchor; null: one β.</param>
    (
        [<Optional; DefaultParameterValue(0.2)>] margin: float,
        [<Optional; DefaultParameterValue(0.0)>] nu: float,
        [<Optional; DefaultParameterValue(1.2)>] beta: float,
        [<Optional>] tripletsPerAnchor: Nullable<int>,
        [<Optional; DefaultParameterValue(false)>] learnBeta: bool,
        [<Optional>] numClasses: Nullable<int>
    ) as this =
    inherit Loss("MarginLoss", reducer = DivisorReducer())

    do
        if numClasses.HasValue then
            Ranges.atLeast 1L (nameof numClasses) numClasses.Value

        if learnBeta then
            let size = if numClasses.HasValue then numClasses.Value else 1
            this.Learn("beta", torch.full ([| int64 size |], Numeric.scalar beta, dtype = torch.get_default_dtype ()))

    // TorchSharp takes a field with a parameter's name for that parameter, so members must not use `beta` itself.
    let fixedBoundary = beta

    // β of each anchor.
    member private this.Boundary(triplets: SeparableTriplets, embeddings: torch.Tensor) : torch.Tensor =
        if not learnBeta then
            torch.tensor (fixedBoundary, dtype = embeddings.dtype, device = embeddings.device)
        elif numClasses.HasValue then
            triplets.OfAnchor(this.Learned("beta", embeddings))
        else
            this.Learned("beta", embeddings)

    override _.Parts =
        if learnBeta then
            [| "margin_loss"; "beta_reg_loss" |]
        else
            [| "margin_loss" |]

    override _.TakesAnyLabels = false

    override this.CheckLabelComparison comparison =
        if learnBeta && numClasses.HasValue && comparison.ReadsRows then
            ComparisonChecks.equality this.Name "learns a boundary for the one class of each anchor" comparison

    // Random triplets are drawn for the batch as a whole.
    override _.AnchorsAreIndependent = not tripletsPerAnchor.HasValue

    override this.NumbersPerAnchor input =
        let isSeparate =
            this.Reducer
            |> WorkingReducer.areAll (function
                | :? DivisorReducer
                | :? MeanReducer
                | :? SumReducer -> true
                | _ -> false)

        if isSeparate then
            RowNumbers.ofTriplets input
        else
            RowNumbers.ofPositives input

    override this.ComputeLoss input =
        let triplets = SeparableTriplets.Of(this.Distance, input, tripletsPerAnchor)

        if triplets.IsEmpty then
            [| for part in this.Parts -> ElementsOf.Nothing(part, input.Embeddings) |]
        else
            let boundary = this.Boundary(triplets, input.Embeddings)

            let tooFar =
                (this.Distance.Margin(triplets.AnchorPositive, boundary) .+ margin).relu()

            let tooNear =
                (this.Distance.Margin(boundary, triplets.AnchorNegative) .+ margin).relu()

            let zero = Numeric.scalar 0.0
            let counted = triplets.CountWhere(tooFar.gt zero, tooNear.gt zero)
            let cost = boundary .* nu

            [|
                triplets.Elements("margin_loss", tooFar, tooNear, counted)
                if learnBeta && numClasses.HasValue then
                    triplets.Elements("beta_reg_loss", cost, torch.zeros_like cost, counted)
                elif learnBeta then
                    // As the triplets' part, it is 0 without any.
                    let any = triplets.Count().gt zero

                    FoldedElements(
                        "beta_reg_loss",
                        [| cost * any; any.to_type torch.ScalarType.Int64 |],
                        fun sums -> sums[0] / Numeric.atLeastOne sums[1]
                    )
            |]
