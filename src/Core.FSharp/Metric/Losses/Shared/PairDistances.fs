namespace MetricLearning

open MetricLearning.Core
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

    /// (K), or (N × Nr).
    member _.Values = values

    /// Values shaped like `Values` as elements.
    member _.Elements(name: string, values: torch.Tensor) : LossElements =
        match mask with
        | null -> ElementsOf.Pairs(name, kind, values, nonNull anchors, nonNull others)
        | given -> ElementsOf.PairMatrix(name, kind, values, given)

    /// The positive and the negative pairs that an input asks for.
    static member Of(distance: Distance, input: MetricInput) : struct (PairDistances * PairDistances) =
        match input.Tuples with
        | Tuples.All ->
            let matrix = distance.Matrix(input.Embeddings, input.References)

            struct (PairDistances(ElementKind.PositivePair, matrix, (input.Matches()), null, null),
                    PairDistances(ElementKind.NegativePair, matrix, (input.Differs()), null, null))
        | _ ->
            let struct (a1, p, a2, n) = input.Pairs()

            let entries =
                DistanceEntries(distance, input.Embeddings, input.References, a1.size 0 + a2.size 0)

            struct (PairDistances(ElementKind.PositivePair, entries.At(a1, p), null, a1, p),
                    PairDistances(ElementKind.NegativePair, entries.At(a2, n), null, a2, n))
