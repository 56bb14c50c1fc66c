namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// The triplets of a batch with their distances, in whichever of two forms costs less: a list (K), or positive pairs ×
/// candidates for the negative (P × Nr) with a mask. Formulas are the same for both: operands broadcast.
[<Sealed>]
type TripletDistances
    private
    (
        anchors: torch.Tensor,
        positives: torch.Tensor,
        negatives: torch.Tensor | null,
        mask: torch.Tensor | null,
        positiveDistances: torch.Tensor,
        negativeDistances: torch.Tensor,
        between: Lazy<torch.Tensor>
    ) =

    /// (K), or (P × 1): anchor to positive.
    member _.AnchorPositive = positiveDistances

    /// (K), or (P × Nr): anchor to negative.
    member _.AnchorNegative = negativeDistances

    /// (K), or (P × Nr): positive to negative; of the reference set, if one is given.
    member _.PositiveNegative = between.Value

    /// Whether it is known, without waiting for the device, that there is no triplet.
    member _.IsEmpty = anchors.size 0 = 0L

    /// One number an anchor label: (K), or (P × 1).
    member _.OfAnchor(perClass: torch.Tensor, labels: torch.Tensor) : torch.Tensor =
        let numbers = perClass.index_select (0L, labels.index_select (0L, anchors))

        match mask with
        | null -> numbers
        | _ -> numbers.unsqueeze 1L

    /// Values, which broadcast to the shape of `AnchorNegative`, one for each triplet: (K).
    member _.Listed(values: torch.Tensor) : torch.Tensor =
        match mask with
        | null -> values
        | given -> values.expand_as(negativeDistances).masked_select given

    /// How many triplets meet a condition (of values shaped like `AnchorNegative`): an int64 scalar.
    member _.CountWhere(condition: torch.Tensor) : torch.Tensor =
        match mask with
        | null -> condition.expand_as(negativeDistances).sum()
        | given -> (condition.logical_and given).sum()

    /// Values, which broadcast to the shape of `AnchorNegative`, as elements. `divisor` may be null.
    member _.Elements(name: string, values: torch.Tensor, divisor: torch.Tensor | null) : LossElements =
        let values = values.expand_as negativeDistances

        match negatives, mask with
        | null, given -> ElementsOf.TripletMatrix(name, values, nonNull given, anchors, positives, divisor)
        | n, _ -> ElementsOf.Triplets(name, values, anchors, positives, n, divisor)

    /// The triplets that an input asks for. `perAnchor`: so many random ones an anchor where tuples are `All`; null:
    /// all.
    static member Of(distance: Distance, input: MetricInput, perAnchor: Nullable<int>) : TripletDistances =
        let amongAll () =
            let matrix = distance.Matrix(input.Embeddings, input.References)

            // With a reference set, positives and negatives are rows of that set.
            let amongReferences =
                lazy
                    (if input.IsSelf then
                         matrix
                     else
                         distance.Matrix(input.RefEmbeddings, null))

            struct (matrix, amongReferences)

        let each (a: torch.Tensor) (p: torch.Tensor) (candidates: torch.Tensor) =
            let struct (matrix, amongReferences) = amongAll ()
            let negatives = matrix.index_select (0L, a)

            TripletDistances(
                a,
                p,
                null,
                candidates.index_select (0L, a),
                negatives.gather (1L, p.unsqueeze 1L),
                negatives,
                lazy (amongReferences.Value.index_select (0L, p))
            )

        let listed () =
            let struct (a, p, n) = input.Triplets perAnchor

            let entries =
                DistanceEntries(distance, input.Embeddings, input.References, 2L * a.size 0)

            let amongReferences =
                lazy
                    (if input.IsSelf then
                         entries
                     else
                         DistanceEntries(distance, input.RefEmbeddings, null, a.size 0))

            TripletDistances(a, p, n, null, entries.At(a, p), entries.At(a, n), lazy (amongReferences.Value.At(p, n)))

        match input.Tuples with
        | Tuples.All when input.IsRemembered || not perAnchor.HasValue ->
            let struct (a, p) = Tuples.places (input.Matches())
            each a p (input.Differs())
        | Tuples.Pairs(a1, p, a2, n) when a1.size 0 > 0L && a2.size 0 > 0L ->
            let negatives = PairMasks.Mark(input, a2, n)

            // A negative pair that is listed twice makes twice as many triplets, which a mask cannot say.
            if negatives.sum().item<int64>() = a2.size 0 then
                each a1 p negatives
            else
                listed ()
        | _ -> listed ()
