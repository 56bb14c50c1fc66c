namespace MetricLearning

open System
open TorchSharp

/// One kind of pairs of a batch with their distances, in whichever of two forms costs less: a list (K), or the whole
/// matrix (N × Nr) with a mask.
[<Sealed>]
type PairDistances
    private
    (
        kind: ElementKind,
        values: torch.Tensor,
        mask: torch.Tensor | null,
        anchors: torch.Tensor | null,
        others: torch.Tensor | null
    ) =

    static member private Listed(kind, values, anchors, others) =
        PairDistances(kind, values, null, anchors, others)

    static member private Masked(kind, matrix, mask) =
        PairDistances(kind, matrix, mask, null, null)

    /// (K), or (N × Nr).
    member _.Values = values

    /// Numbers of the anchors (N) in a shape that broadcasts with `Values`.
    member _.OfAnchors(perAnchor: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(perAnchor, nameof perAnchor)

        match anchors with
        | null -> perAnchor.unsqueeze 1L
        | listed -> InOrder.rows listed perAnchor

    /// Numbers of the reference set (Nr) in a shape that broadcasts with `Values`.
    member _.OfReferences(perReference: torch.Tensor) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(perReference, nameof perReference)

        match others with
        | null -> perReference.unsqueeze 0L
        | listed -> InOrder.rows listed perReference

    /// True where anchor and reference have the same number, the first anchor's being `first`, in a shape that broadcasts
    /// with `Values`.
    member internal _.SameNumber(first: int64) : torch.Tensor =
        match anchors with
        | null ->
            let numbers (from: int64) (count: int64) =
                Numeric.range from (from + count) 1L values.device

            (numbers first (values.size 0)).unsqueeze(1L).eq((numbers 0L (values.size 1)).unsqueeze 0L)
        | listed -> (listed.plus first).eq(nonNull others)

    /// These pairs, or none if a condition (a scalar) is false, which it can be only where labels say which pairs there are.
    member internal _.OnlyIf(condition: torch.Tensor) : PairDistances =
        match mask with
        | null -> PairDistances(kind, values, null, anchors, others)
        | given -> PairDistances.Masked(kind, values, given.logical_and condition)

    /// Values shaped like `Values` as elements.
    member _.Elements(name: string, values: torch.Tensor) : LossElements =
        match mask with
        | null -> ElementsOf.Pairs(name, kind, values, nonNull anchors, nonNull others)
        | given -> ElementsOf.PairMatrix(name, kind, values, given)

    /// The positive and the negative pairs that an input asks for.
    static member Of(distance: Distance, input: MetricInput) : struct (PairDistances * PairDistances) =
        ArgumentNullException.ThrowIfNull(distance, nameof distance)
        ArgumentNullException.ThrowIfNull(input, nameof input)

        let masked positives negatives =
            let matrix = InputDistances.matrix distance input

            struct (PairDistances.Masked(ElementKind.PositivePair, matrix, positives),
                    PairDistances.Masked(ElementKind.NegativePair, matrix, negatives))

        match input.Choice with
        | ChosenTuples.Listed Tuples.All -> masked (input.Matches()) (input.Differs())
        | ChosenTuples.Masks masks -> masked masks.Positives masks.Negatives
        | _ ->
            let struct (a1, p, a2, n) = input.Pairs()

            let entries = DistanceEntries.Of(distance, input, a1.size 0 + a2.size 0)

            struct (PairDistances.Listed(ElementKind.PositivePair, entries.At(a1, p), a1, p),
                    PairDistances.Listed(ElementKind.NegativePair, entries.At(a2, n), a2, n))

    /// The positive pairs that an input asks for, from its distance matrix (N × Nr), for losses that set each of them
    /// against all negatives of its anchor: none where tuples name no negative pair.
    static member AgainstNegatives(matrix: torch.Tensor, input: MetricInput) : PairDistances =
        ArgumentNullException.ThrowIfNull(matrix, nameof matrix)
        ArgumentNullException.ThrowIfNull(input, nameof input)

        match input.Choice with
        | ChosenTuples.Listed Tuples.All -> PairDistances.Masked(ElementKind.PositivePair, matrix, input.Matches())
        // Without any negative pair all values are 0.
        | ChosenTuples.Masks masks -> PairDistances.Masked(ElementKind.PositivePair, matrix, masks.Positives)
        | _ ->
            let struct (a, p, _, _) = input.Pairs()
            let struct (_, _, ofAll, _) = input.Whole.Pairs()
            let count = if ofAll.size 0 = 0L then 0L else a.size 0
            let a, p = a.narrow (0L, 0L, count), p.narrow (0L, 0L, count)
            PairDistances.Listed(ElementKind.PositivePair, matrix.index (a, p), a, p)
