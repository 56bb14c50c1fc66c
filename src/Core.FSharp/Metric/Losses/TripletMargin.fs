namespace MetricLearning.Core

open MetricLearning
open System
open System.Collections.Generic
open TorchSharp

/// Options of the triplet margin loss.
[<RequireQualifiedAccess>]
type TripletMargin =
    {
        /// How much farther than the positive the negative should be.
        Margin: double
        /// Whether the negative's distance is taken to the anchor or the positive, whichever is nearer.
        Swap: bool
        /// Whether log(1 + eˣ) stands in for max(0, x).
        SmoothLoss: bool
        /// Random triplets for each anchor where tuples are `All`; null: all there are.
        TripletsPerAnchor: Nullable<int>
    }

/// What each triplet adds to a triplet margin loss.
module internal TripletViolation =

    let private values (options: TripletMargin) (violation: torch.Tensor) : torch.Tensor =
        if options.SmoothLoss then
            LogSumExp.plusOne violation
        else
            violation.relu ()

    let private oneByOne (options: TripletMargin) (distance: Distance) (input: MetricInput) : LossElements =
        let triplets = TripletDistances.Of(distance, input, options.TripletsPerAnchor)

        let negative =
            if options.Swap then
                distance.SmallestDist(triplets.AnchorNegative, triplets.PositiveNegative)
            else
                triplets.AnchorNegative

        let violation = distance.Margin(triplets.AnchorPositive, negative) + options.Margin
        triplets.Elements("loss", values options violation, null)

    /// [d(a,p) − d(a,n) + margin]₊.
    let elements (options: TripletMargin) (distance: Distance) (input: MetricInput) : IReadOnlyList<LossElements> =
        let oneByOne = lazy (oneByOne options distance input)

        let ranked =
            // Only the plain form is linear in the distances.
            if options.Swap || options.SmoothLoss then
                None
            else
                RankedTriplets.TryOf(distance, input, options.TripletsPerAnchor, options.Margin)

        match ranked with
        | Some triplets -> [| RankedElements("loss", triplets, oneByOne, false) |]
        | None -> [| oneByOne.Value |]

    /// [d(a,n) − d(a,p) − margin]₊: the loss of who works against the metric. Euclidean distances of normalised embeddings
    /// are negated, and so is the margin (Duan et al. 2018, "Deep Adversarial Metric Learning").
    let adversarial (options: TripletMargin) (input: MetricInput) : IReadOnlyList<LossElements> =
        let distance = LpDistance()
        let triplets = TripletDistances.Of(distance, input, options.TripletsPerAnchor)

        let negative =
            if options.Swap then
                distance.LargestDist(triplets.AnchorNegative, triplets.PositiveNegative)
            else
                triplets.AnchorNegative

        let violation = distance.Margin(negative, triplets.AnchorPositive) - options.Margin
        [| triplets.Elements("loss", values options violation, null) |]

/// [d(a,p) − d(a,n) + margin]₊ for every triplet (Weinberger & Saul 2009; Schroff et al. 2015, "FaceNet"). Distance and
/// reducer where none is given: Euclidean on normalised embeddings, the mean of those above 0.
type TripletMarginLoss(given: LossSettings, options: TripletMargin) =
    inherit
        Loss(
            given
            |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> AvgNonZeroReducer())
        )

    /// Its own options.
    member _.Options = options

    override this.ComputeLoss input =
        TripletViolation.elements options this.Distance input

    /// The loss of who works against the metric, with this loss's margin, form, reducer and statistics.
    member internal this.ComputeAdversarial(input: MetricInput) : torch.Tensor =
        this.Finish(TripletViolation.adversarial options input, input)

/// Making triplet margin losses.
module TripletMargin =

    /// As documented: a margin of 0.05 and all triplets.
    let defaults: TripletMargin =
        {
            Margin = 0.05
            Swap = false
            SmoothLoss = false
            TripletsPerAnchor = Nullable()
        }

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: TripletMargin) : Loss = new TripletMarginLoss(given, options)

    /// The loss.
    let loss (options: TripletMargin) : Loss = lossWith LossSettings.defaults options
