namespace MetricLearning

open System
open TorchSharp

/// The triplets of a batch, for losses that are a sum of what the positive and the negative pair of each triplet add. Values
/// of positive and of negative pairs are shaped like `AnchorPositive` and `AnchorNegative`, or broadcast with them.
[<Sealed>]
type internal SeparableTriplets private (distance: Distance, input: MetricInput, perAnchor: Nullable<int>) =

    let masks = TripletMasks.TryOf(input, perAnchor)

    let matrix = lazy (Numeric.atLeast32 (InputDistances.matrix distance input))

    let listed = lazy (TripletDistances.Of(distance, input, perAnchor))

    /// Anchor to positive.
    member _.AnchorPositive =
        if masks.IsSome then
            matrix.Value
        else
            listed.Value.AnchorPositive

    /// Anchor to negative.
    member _.AnchorNegative =
        if masks.IsSome then
            matrix.Value
        else
            listed.Value.AnchorNegative

    /// True if it is known, without waiting for the device, that there is no triplet.
    member _.IsEmpty = masks.IsNone && listed.Value.IsEmpty

    /// Numbers of classes as those of each anchor.
    member _.OfAnchor(perClass: torch.Tensor) : torch.Tensor =
        if masks.IsSome then
            (InOrder.rows (input.RequireLabels()) perClass).unsqueeze 1L
        else
            listed.Value.OfAnchor(perClass, input.RequireLabels())

    /// The number of triplets: an int64 scalar.
    member _.Count() : torch.Tensor =
        match masks with
        | Some masks -> masks.Count()
        | None -> listed.Value.CountWhere(torch.ones_like (listed.Value.AnchorNegative, dtype = torch.ScalarType.Bool))

    /// The number of positive pairs that meet the first condition, and of negative pairs that meet the second, over all
    /// triplets: an int64 scalar.
    member _.CountWhere(ofPositive: torch.Tensor, ofNegative: torch.Tensor) : torch.Tensor =
        match masks with
        | Some masks -> SeparableElements.Total(masks, ofPositive, ofNegative, torch.ScalarType.Int64)
        | None -> listed.Value.CountWhere ofPositive .+. listed.Value.CountWhere ofNegative

    /// The sums of both values of every triplet as elements. `divisor`: what their sum is to be divided by (a scalar).
    member _.Elements
        (name: string, ofPositive: torch.Tensor, ofNegative: torch.Tensor, divisor: torch.Tensor)
        : LossElements =
        match masks with
        | Some masks -> SeparableElements(name, masks, ofPositive, ofNegative, divisor)
        | None -> listed.Value.Elements(name, ofPositive .+. ofNegative, divisor)

    /// The triplets that an input asks for. `perAnchor`: the number of random ones for each anchor if tuples are `All`;
    /// null: all.
    static member Of(distance: Distance, input: MetricInput, perAnchor: Nullable<int>) : SeparableTriplets =
        SeparableTriplets(distance, input, perAnchor)
