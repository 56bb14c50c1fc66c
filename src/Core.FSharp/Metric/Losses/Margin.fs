namespace MetricLearning

open MetricLearning.Core
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
        |> LossSettings.orElse (fun () -> LpDistance()) (fun () -> DivisorReducer())

    /// β as it starts: one number, or one a class.
    let initial (options: Margin) : torch.Tensor =
        let size =
            if options.NumClasses.HasValue then
                options.NumClasses.Value
            else
                1

        torch.full ([| int64 size |], Numeric.scalar options.Beta, dtype = torch.get_default_dtype ())

    // [d − β + α]₊ and [β − d + α]₊.
    let private violations
        (options: Margin)
        (distance: Distance)
        (boundary: torch.Tensor)
        (positive: torch.Tensor)
        (negative: torch.Tensor)
        =
        let tooFar = (distance.Margin(positive, boundary) + options.Margin).relu()
        let tooNear = (distance.Margin(boundary, negative) + options.Margin).relu()
        struct (tooFar, tooNear)

    let private zero = Numeric.scalar 0.0

    // The triplets' part and β's, whose number of terms is known; `ofClasses` gives the part where classes have their own β.
    let private withBeta
        (options: Margin)
        (margin: LossElements)
        (boundary: torch.Tensor)
        (count: unit -> torch.Tensor)
        (ofClasses: string -> LossElements)
        : IReadOnlyList<LossElements> =
        let names = parts options

        if not options.LearnBeta then
            [| margin |]
        elif options.NumClasses.HasValue then
            [| margin; ofClasses names[1] |]
        else
            // As the triplets' part, it is 0 without any.
            [|
                margin
                ElementsOf.Reduced(names[1], boundary * options.Nu * (count ()).gt zero)
            |]

    // Each anchor's β; where all classes start alike and nothing is learned it is the number.
    let private boundary (options: Margin) (beta: torch.Tensor | null) (input: MetricInput) ofAnchor =
        match beta with
        | null -> torch.tensor (options.Beta, dtype = input.Embeddings.dtype, device = input.Embeddings.device)
        | learned when options.NumClasses.HasValue -> ofAnchor learned
        | learned -> learned

    let private oneByOne
        (options: Margin)
        (distance: Distance)
        (beta: torch.Tensor | null)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        let triplets = TripletDistances.Of(distance, input, options.TripletsPerAnchor)
        let names = parts options

        if triplets.IsEmpty then
            [| for name in names -> ElementsOf.Nothing(name, input.Embeddings) |]
        else
            let boundary =
                boundary options beta input (fun learned -> triplets.OfAnchor(learned, input.RequireLabels()))

            let struct (tooFar, tooNear) =
                violations options distance boundary triplets.AnchorPositive triplets.AnchorNegative

            let counted =
                triplets.CountWhere(tooFar.gt zero) + triplets.CountWhere(tooNear.gt zero)

            withBeta
                options
                (triplets.Elements(names[0], tooFar + tooNear, counted))
                boundary
                (fun () ->
                    triplets.CountWhere(torch.ones_like (triplets.AnchorNegative, dtype = torch.ScalarType.Bool)))
                (fun name -> triplets.Elements(name, boundary * options.Nu, counted))

    // What a triplet adds is a sum of what its two pairs add.
    let private separable
        (options: Margin)
        (distance: Distance)
        (beta: torch.Tensor | null)
        (input: MetricInput)
        (triplets: SeparableTriplets)
        : IReadOnlyList<LossElements> =
        let matrix = Numeric.atLeast32 (distance.Matrix(input.Embeddings, input.References))

        let boundary =
            boundary options beta input (fun learned -> learned.index_select(0L, input.RequireLabels()).unsqueeze 1L)

        let struct (tooFar, tooNear) = violations options distance boundary matrix matrix
        let counted = triplets.CountWhere(tooFar.gt zero, tooNear.gt zero)
        let listed = lazy (oneByOne options distance beta input)

        let elements place ofPositive ofNegative : LossElements =
            SeparableElements(
                (parts options)[place],
                triplets,
                ofPositive,
                ofNegative,
                counted,
                lazy (listed.Value[place])
            )

        withBeta options (elements 0 tooFar tooNear) boundary triplets.Count (fun _ ->
            let cost = Numeric.atLeast32 boundary * options.Nu
            elements 1 cost (torch.zeros_like cost))

    /// One value a triplet. `beta` is the parameter, or null where it is not learned.
    let elements
        (options: Margin)
        (distance: Distance)
        (beta: torch.Tensor | null)
        (input: MetricInput)
        : IReadOnlyList<LossElements> =
        match TripletMasks.tryOf input options.TripletsPerAnchor with
        | Some(positives, negatives) -> separable options distance beta input (SeparableTriplets(positives, negatives))
        | None -> oneByOne options distance beta input

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
