namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// Triplets one by one: a list (K), or positive pairs × candidates for the negative (P × Nr) with a mask.
[<NoComparison; ReferenceEquality>]
type internal TripletForm =
    {
        Anchors: torch.Tensor
        Positives: torch.Tensor
        /// Null: the columns of `Mask`.
        Negatives: torch.Tensor | null
        Mask: torch.Tensor | null
        AnchorPositive: torch.Tensor
        AnchorNegative: torch.Tensor
        PositiveNegative: Lazy<torch.Tensor>
    }

/// The triplets of a batch with their distances, in whichever form costs least. Formulas are the same for all: operands
/// broadcast.
[<Sealed>]
type TripletDistances private (distance: Distance, input: MetricInput, perAnchor: Nullable<int>) =

    let matrix = lazy (InputDistances.matrix distance input)

    // Positive pairs × candidates. With a reference set, positives and negatives are rows of that set.
    let masked (a: torch.Tensor) (p: torch.Tensor) (candidates: torch.Tensor) : TripletForm =
        let negatives = InOrder.rows a matrix.Value

        let ofPositives () =
            if not (isNull input.Tile) then
                InputDistances.amongReferences distance p input
            elif input.IsSelf then
                InOrder.rows p matrix.Value
            else
                InOrder.rows p (distance.Matrix(input.RefEmbeddings, null))

        {
            Anchors = a
            Positives = p
            Negatives = null
            Mask = InOrder.rows a candidates
            AnchorPositive = negatives.gather (1L, p.unsqueeze 1L)
            AnchorNegative = negatives
            PositiveNegative = lazy (ofPositives ())
        }

    let listed () : TripletForm =
        let struct (a, p, n) = input.Triplets perAnchor

        let entries = DistanceEntries.Of(distance, input, 2L * a.size 0)

        let amongReferences () =
            if input.IsSelf then
                entries
            else
                DistanceEntries.AmongReferences(distance, input, a.size 0)

        {
            Anchors = a
            Positives = p
            Negatives = n
            Mask = null
            AnchorPositive = entries.At(a, p)
            AnchorNegative = entries.At(a, n)
            PositiveNegative = lazy ((amongReferences ()).At(p, n))
        }

    let form =
        lazy
            (match input.Choice with
             | ChosenTuples.Listed Tuples.All when input.IsRemembered || not perAnchor.HasValue ->
                 let struct (a, p) = Tuples.places (input.Matches())
                 masked a p (input.Differs())
             | ChosenTuples.Masks masks ->
                 let struct (a, p) = Tuples.places masks.Positives
                 masked a p masks.Negatives
             | ChosenTuples.Listed(Tuples.Pairs(a1, p, a2, n)) when a1.size 0 > 0L && a2.size 0 > 0L ->
                 let negatives = PairMasks.Mark(input, a2, n)

                 // A negative pair that is listed twice makes twice as many triplets, which a mask cannot say.
                 if negatives.sum().item<int64>() = a2.size 0 then
                     masked a1 p negatives
                 else
                     listed ()
             | _ -> listed ())

    /// (K), or (P × 1): anchor to positive.
    member _.AnchorPositive = form.Value.AnchorPositive

    /// (K), or (P × Nr): anchor to negative.
    member _.AnchorNegative = form.Value.AnchorNegative

    /// (K), or (P × Nr): positive to negative; of the reference set, if one is given.
    member _.PositiveNegative = form.Value.PositiveNegative.Value

    /// True if it is known, without waiting for the device, that there is no triplet.
    member _.IsEmpty = form.Value.Anchors.size 0 = 0L

    /// The number of each anchor's class: (K), or (P × 1).
    member _.OfAnchor(perClass: torch.Tensor, labels: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(perClass, nameof perClass)
        ArgumentNullException.ThrowIfNull(labels, nameof labels)
        let numbers = InOrder.rows (InOrder.rows form.Value.Anchors labels) perClass

        match form.Value.Mask with
        | null -> numbers
        | _ -> numbers.unsqueeze 1L

    /// Values, which broadcast to the shape of `AnchorNegative`, one for each triplet: (K).
    member _.Listed(values: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(values, nameof values)

        match form.Value.Mask with
        | null -> values
        | given -> values.expand_as(form.Value.AnchorNegative).masked_select given

    /// The number of triplets that meet a condition (of values shaped like `AnchorNegative`): an int64 scalar.
    member _.CountWhere(condition: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(condition, nameof condition)
        let whole = condition.expand_as form.Value.AnchorNegative

        match form.Value.Mask with
        | null -> whole.sum ()
        | given -> (whole.logical_and given).sum()

    /// Values, which broadcast to the shape of `AnchorNegative`, as elements. `divisor`: what their sum is to be divided by
    /// (a scalar), or null.
    member _.Elements
        (
            name: string,
            values: torch.Tensor,
            [<Optional; DefaultParameterValue(null: torch.Tensor | null)>] divisor: torch.Tensor | null
        ) : LossElements =
        ArgumentNullException.ThrowIfNull(name, nameof name)
        ArgumentNullException.ThrowIfNull(values, nameof values)
        let form = form.Value
        let values = values.expand_as form.AnchorNegative

        match form.Negatives, form.Mask with
        | null, mask -> ElementsOf.TripletMatrix(name, values, nonNull mask, form.Anchors, form.Positives, divisor)
        | n, _ -> ElementsOf.Triplets(name, values, form.Anchors, form.Positives, n, divisor)

    /// [D(a,p) − D(a,n) + margin]₊ as elements (mirrored for similarities), whose time and memory do not grow with the number
    /// of triplets where masks can say which triplets there are.
    member this.Hinge(name: string, margin: float) : LossElements =
        ArgumentNullException.ThrowIfNull(name, nameof name)

        let oneByOne =
            lazy (this.Elements(name, (distance.Margin(this.AnchorPositive, this.AnchorNegative) .+ margin).relu()))

        match TripletMasks.TryOf(input, perAnchor) with
        | None -> oneByOne.Value
        | Some masks ->
            let ranked = RankedTriplets(matrix.Value, masks, margin, distance.IsInverted)
            RankedElements(name, ranked, oneByOne, false)

    /// The triplets that an input asks for. `perAnchor`: the number of random ones for each anchor if tuples are `All`;
    /// null: all.
    static member Of(distance: Distance, input: MetricInput, perAnchor: Nullable<int>) : TripletDistances =
        ArgumentNullException.ThrowIfNull(distance, nameof distance)
        ArgumentNullException.ThrowIfNull(input, nameof input)
        TripletDistances(distance, input, perAnchor)
