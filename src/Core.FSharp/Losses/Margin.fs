namespace MetricLearning.Core

open System
open System.Collections.Generic
open TorchSharp

/// Options of the margin loss. Where β is learned its parameter is `beta` (1, or C).
[<RequireQualifiedAccess>]
type Margin =
    {
        /// How far from the boundary positives and negatives should be.
        Margin: double
        /// The cost of β, where it is learned.
        Nu: double
        /// The boundary between positive and negative distances; where it is learned, where it starts.
        Beta: double
        /// Random triplets for each anchor where tuples are `All`; null: all there are.
        TripletsPerAnchor: Nullable<int>
        /// Whether β is learned.
        LearnBeta: bool
        /// A β for each class of the anchor; null: one β.
        NumClasses: Nullable<int>
    }

/// [d(a,p) − β + α]₊ + [β − d(a,n) + α]₊ for every triplet (Wu et al. 2017, "Sampling matters in deep embedding
/// learning"), divided by the number of terms above 0.
module Margin =

    /// As documented: all triplets, one β that is not learned.
    let defaults: Margin =
        {
            Margin = 0.2
            Nu = 0.0
            Beta = 1.2
            TripletsPerAnchor = Nullable()
            LearnBeta = false
            NumClasses = Nullable()
        }

    /// The parameter's name.
    let parameter = "beta"

    /// The parts.
    let parts (options: Margin) =
        if options.LearnBeta then
            [| "margin_loss"; "beta_reg_loss" |]
        else
            [| "margin_loss" |]

    /// Distance and reducer where none is given: Euclidean on normalised embeddings, the sum by the number of terms
    /// above 0.
    let settings (given: LossSettings) : LossSettings =
        given
        |> LossSettings.orElse (fun () -> Distances.Lp.distance Distances.Lp.defaults) Reducers.Divisor.reducer

    /// β as it starts: one number, or one a class.
    let initial (options: Margin) : torch.Tensor =
        let size =
            if options.NumClasses.HasValue then
                options.NumClasses.Value
            else
                1

        torch.full ([| int64 size |], Numeric.scalar options.Beta, dtype = torch.get_default_dtype ())

    /// One value a triplet. `beta` is the parameter, or null where it is not learned.
    let elements
        (options: Margin)
        (distance: Distance)
        (beta: torch.Tensor | null)
        (input: MetricInput)
        : IReadOnlyList<Elements> =
        let triplets = TripletDistances.Of(distance, input, options.TripletsPerAnchor)
        let names = parts options

        if triplets.IsEmpty then
            [| for name in names -> ElementsOf.Nothing(name, input.Embeddings) |]
        else
            // Each anchor's β; where all classes start alike and nothing is learned it is the number.
            let boundary =
                match beta with
                | null -> torch.tensor (options.Beta, dtype = input.Embeddings.dtype, device = input.Embeddings.device)
                | learned when options.NumClasses.HasValue -> triplets.OfAnchor(learned, input.RequireLabels())
                | learned -> learned

            let tooFar =
                (distance.Margin(triplets.AnchorPositive, boundary) + options.Margin).relu()

            let tooNear =
                (distance.Margin(boundary, triplets.AnchorNegative) + options.Margin).relu()

            let zero = Numeric.scalar 0.0

            let counted =
                triplets.CountWhere(tooFar.gt zero) + triplets.CountWhere(tooNear.gt zero)

            let margin = triplets.Elements(names[0], tooFar + tooNear, counted)

            if not options.LearnBeta then
                [| margin |]
            elif options.NumClasses.HasValue then
                [| margin; triplets.Elements(names[1], boundary * options.Nu, counted) |]
            else
                // As the triplets' part, it is 0 without any.
                let any =
                    triplets.CountWhere(torch.ones_like (triplets.AnchorNegative, dtype = torch.ScalarType.Bool))

                [| margin; ElementsOf.Reduced(names[1], boundary * options.Nu * any.gt zero) |]

    /// What the loss learns as it starts, or null.
    let learned (options: Margin) : torch.Tensor | null =
        if options.LearnBeta then initial options else null

    type private MarginFormula(settings: LossSettings, options: Margin) as this =
        inherit Loss(settings)

        do
            match learned options with
            | null -> ()
            | beta -> this.Learn(parameter, beta)

        override _.Parts = parts options
        override _.TakesAnyLabels = false

        override this.ComputeLoss input =
            let beta: torch.Tensor | null =
                if options.LearnBeta then
                    this.Learned(parameter, input.Embeddings)
                else
                    null

            elements options this.Distance beta input

    /// The loss, with settings beyond its own options.
    let lossWith (given: LossSettings) (options: Margin) : Loss =
        new MarginFormula(settings given, options)

    /// The loss.
    let loss (options: Margin) : Loss = lossWith LossSettings.defaults options
