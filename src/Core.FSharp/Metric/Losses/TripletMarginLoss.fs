namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// [d(a,p) − d(a,n) + m]₊ for every triplet (Weinberger & Saul 2009; Schroff et al. 2015, "FaceNet").
[<Sealed>]
type TripletMarginLoss
    /// <param name="margin">Margin m: the negative should be farther than the positive by it.</param>
    /// <param name="swap">Takes the distance of the negative to the anchor or to the positive, whichever is nearer.</param>
    /// <param name="smoothLoss">Takes log(1 + eˣ) instead of max(0, x).</param>
    /// <param name="tripletsPerAnchor">Number of random triplets for each anchor if no tuples are given; null: all.</param>
    (
        [<Optional; DefaultParameterValue(0.05)>] margin: float,
        [<Optional; DefaultParameterValue(false)>] swap: bool,
        [<Optional; DefaultParameterValue(false)>] smoothLoss: bool,
        [<Optional>] tripletsPerAnchor: Nullable<int>
    ) =
    inherit Loss("TripletMarginLoss", reducer = AvgNonZeroReducer())

    let value (violation: torch.Tensor) : torch.Tensor =
        if smoothLoss then
            LogSumExp.plusOne violation
        else
            violation.relu ()

    // Random triplets are drawn for the batch as a whole.
    override _.AnchorsAreIndependent = not tripletsPerAnchor.HasValue

    override this.NumbersPerAnchor input =
        let isRanked =
            this.Reducer
            |> WorkingReducer.areAll (function
                | :? AvgNonZeroReducer
                | :? MeanReducer
                | :? SumReducer -> true
                | _ -> false)

        if isRanked && not swap && not smoothLoss then
            RowNumbers.ofTriplets input
        else
            RowNumbers.ofPositives input

    override this.ComputeLoss input =
        let triplets = TripletDistances.Of(this.Distance, input, tripletsPerAnchor)

        if swap || smoothLoss then
            let negative =
                if swap then
                    this.Distance.SmallestDist(triplets.AnchorNegative, triplets.PositiveNegative)
                else
                    triplets.AnchorNegative

            let violation = this.Distance.Margin(triplets.AnchorPositive, negative) .+ margin
            [| triplets.Elements("loss", value violation) |]
        else
            [| triplets.Hinge("loss", margin) |]

    /// [d(a,n) − d(a,p) − m]₊, the generator's loss in adversarial training, with this loss's margin, form, reducer and
    /// statistics: Euclidean distances of normalised embeddings are negated, and so is the margin (Duan et al. 2018, "Deep
    /// Adversarial Metric Learning").
    member internal this.ComputeAdversarial(input: MetricInput) : torch.Tensor =
        let distance = LpDistance()
        let triplets = TripletDistances.Of(distance, input, tripletsPerAnchor)

        let negative =
            if swap then
                distance.LargestDist(triplets.AnchorNegative, triplets.PositiveNegative)
            else
                triplets.AnchorNegative

        let violation = distance.Margin(negative, triplets.AnchorPositive) .- margin
        this.Finish([| triplets.Elements("loss", value violation) |], input)
