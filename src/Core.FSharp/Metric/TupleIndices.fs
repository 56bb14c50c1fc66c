namespace MetricLearning

open TorchSharp

/// Tuples whose samples have other places in another set, and tuples of two sets as one.
module TupleIndices =

    // Of positives and negatives, which index the reference set.
    let private reindex (moved: torch.Tensor -> torch.Tensor) (tuples: Tuples) : Tuples =
        match tuples with
        | Tuples.All -> Tuples.All
        | Tuples.Pairs(a1, p, a2, n) -> Tuples.Pairs(a1, moved p, a2, moved n)
        | Tuples.Triplets(a, p, n) -> Tuples.Triplets(a, moved p, moved n)

    /// The same tuples where the reference set lies `offset` rows further down.
    let shift (offset: int64) (tuples: Tuples) : Tuples =
        reindex (fun indices -> indices.plus offset) tuples
        |> TupleRanges.carry offset tuples

    /// The same tuples where sample i of the reference set lies at `places`[i] of another set.
    let moveTo (places: torch.Tensor) (tuples: Tuples) : Tuples =
        reindex (fun indices -> places.index_select (0L, indices)) tuples

    /// Without the positive pairs, or whole triplets, in which a sample is its own positive: sample i lies at
    /// `places`[i] of the reference set.
    let withoutOwn (places: torch.Tensor) (tuples: Tuples) : Tuples =
        let isOther (anchors: torch.Tensor) (positives: torch.Tensor) =
            (places.index_select (0L, anchors)).ne positives

        match tuples with
        | Tuples.All -> Tuples.All
        | Tuples.Pairs(a1, p, a2, n) ->
            let kept = isOther a1 p
            Tuples.Pairs(a1.masked_select kept, p.masked_select kept, a2, n)
        | Tuples.Triplets(a, p, n) ->
            let kept = isOther a p
            Tuples.Triplets(a.masked_select kept, p.masked_select kept, n.masked_select kept)

    /// Both, in the form of the first; `All` among them is all. (`Pairs` become all triplets they make, triplets two
    /// pairs each.)
    let join (first: Tuples) (second: Tuples) : Tuples =
        let joined (left: torch.Tensor) (right: torch.Tensor) = torch.cat ([| left; right |], 0L)

        let pairs (a1, p, a2, n) other =
            match other with
            | Tuples.All -> Tuples.All
            | Tuples.Pairs(b1, q, b2, m) -> Tuples.Pairs(joined a1 b1, joined p q, joined a2 b2, joined n m)
            | Tuples.Triplets(b, q, m) -> Tuples.Pairs(joined a1 b, joined p q, joined a2 b, joined n m)

        let triplets (a, p, n) struct (b, q, m) =
            Tuples.Triplets(joined a b, joined p q, joined n m)

        match first, second with
        | Tuples.All, _
        | _, Tuples.All -> Tuples.All
        | Tuples.Pairs(a1, p, a2, n), other -> pairs (a1, p, a2, n) other
        | Tuples.Triplets(a, p, n), Tuples.Triplets(b, q, m) -> triplets (a, p, n) struct (b, q, m)
        | Tuples.Triplets(a, p, n), Tuples.Pairs(b1, q, b2, m) -> triplets (a, p, n) (Tuples.tripletsOfPairs b1 q b2 m)
