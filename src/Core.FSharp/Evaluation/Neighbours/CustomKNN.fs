namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// <summary>Exact nearest neighbours by any distance, tile by tile; by a similarity, the largest values come first.</summary>
/// <remarks>
/// Equally near references are ordered by row. 16-bit embeddings are compared in 32 bits. Embeddings that are not finite are refused. With a
/// Euclidean distance, a cosine or a dot product, tiles are matrix products, and the distances of the neighbours found are computed again
/// pair by pair, so that equal rows are at a distance of exactly 0; for very large k (more than max(4096, R / 4) / D) they come from the
/// matrix product itself.
/// </remarks>
[<Sealed>]
type CustomKNN
    /// <summary>A search by a distance.</summary>
    /// <param name="distance">Compares embeddings.</param>
    /// <param name="batchSize">The largest number of queries that are compared at once; null for as many as fit. It never changes a result.</param>
    /// <param name="maxBytes">The approximate memory that a search may use besides its inputs and its result; 256 MiB by default.</param>
    /// <exception cref="System.ArgumentException">A size is below 1.</exception>
    (
        distance: Distance,
        [<Optional>] batchSize: Nullable<int>,
        [<Optional; DefaultParameterValue(268435456L)>] maxBytes: int64
    ) =
    inherit KnnFunc()

    // Candidates beyond k, among which rounding may have hidden a nearer one.
    static let spare = 8L

    do
        ArgumentNullException.ThrowIfNull(distance, nameof distance)
        Ranges.atLeast 1L (nameof maxBytes) maxBytes

        if batchSize.HasValue then
            Ranges.atLeast 1L (nameof batchSize) (int64 batchSize.Value)

    // Of few queries, reading all references takes as long as the search; their distances show a number that is not finite, too.
    let isFew (query: torch.Tensor) = query.size 0 <= 32L

    let search
        (areFinite: bool)
        (hidden: Hidden)
        (query: torch.Tensor)
        (k: int64)
        (reference: torch.Tensor)
        (refIncludesQuery: bool)
        (act: int64 -> torch.Tensor -> torch.Tensor -> unit)
        =
        KnnInput.check query k reference refIncludesQuery
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let named = [ struct (nameof query, query); struct (nameof reference, reference) ]

        if not areFinite && not (isFew query) then
            EmbeddingChecks.areFinite named

        let doubts = ResizeArray<torch.Tensor>()
        let query, reference = KnnInput.alike query reference
        let nearness = Nearness.ofDistance distance query reference
        let queries, references = query.size 0, reference.size 0

        let pairwise =
            match nearness.Pairwise with
            | ValueSome pairwise when (k + spare) * query.size 1 <= max 4096L (references / 4L) -> ValueSome pairwise
            | _ -> ValueNone

        // With self, which may be among them.
        let kept =
            min (Hidden.findable references hidden) (k + (if pairwise.IsSome then spare else 1L))

        // Sorting whole rows makes a copy and 64-bit indices.
        let bytes =
            nearness.Matrices * query.element_size ()
            + (if kept * 4L >= references then 32L else 0L)

        let numbers = max 1L (maxBytes / bytes)
        let tiles = Tiles.choose numbers kept queries references

        let rows =
            if batchSize.HasValue then
                min tiles.Rows (int64 batchSize.Value)
            else
                tiles.Rows

        let candidates (firstRow: int64) (block: torch.Tensor) : Ranked =
            let parts =
                [|
                    for firstColumn in 0L .. tiles.Columns .. references - 1L do
                        use scope = torch.NewDisposeScope()

                        let part =
                            nearness.Reference.narrow (0L, firstColumn, min tiles.Columns (references - firstColumn))

                        let scores = nearness.Matrix block part

                        if not areFinite && isFew query then
                            doubts.Add(scope.MoveToOuter(Numeric.sum scores))

                        if refIncludesQuery then
                            Candidates.hideSelf firstRow firstColumn scores

                        Hidden.inTile hidden firstRow firstColumn scores
                        let ranked = Ranking.smallest kept numbers scores

                        if firstColumn > 0L then
                            ranked.Columns.add_ (Numeric.whole firstColumn, Numeric.whole 1L) |> ignore

                        scope.MoveToOuter(ranked.Values, ranked.Columns) |> ignore
                        ranked
                |]

            if parts.Length = 1 then
                parts[0]
            else
                {
                    Values = torch.cat (parts |> Array.map _.Values, 1L)
                    Columns = torch.cat (parts |> Array.map _.Columns, 1L)
                }
                |> Ranking.inOrder
                |> Ranking.first kept

        for firstRow in 0L .. rows .. queries - 1L do
            use _ = torch.NewDisposeScope()
            let block = nearness.Query.narrow (0L, firstRow, min rows (queries - firstRow))
            let found = candidates firstRow block

            if doubts.Count > 0 then
                use sum = torch.stack(doubts).sum()

                if not (Double.IsFinite(sum.to_type(torch.float64).item<float>())) then
                    EmbeddingChecks.areFinite named

                doubts.Clear()

            let ranked =
                match pairwise with
                | ValueSome pairwise ->
                    Candidates.again pairwise firstRow found
                    |> Hidden.inFound hidden firstRow
                    |> Ranking.inOrderOfNumbers
                | ValueNone -> found

            let ranked =
                (if refIncludesQuery then
                     Candidates.selfLast firstRow ranked
                 else
                     ranked)
                |> Ranking.first k

            let distances =
                if pairwise.IsNone then
                    nearness.ToDistance firstRow ranked.Values
                elif distance.IsInverted then
                    ranked.Values.neg ()
                else
                    ranked.Values

            act firstRow distances ranked.Columns

    /// The default memory of a search: 256 MiB.
    static member DefaultMaxBytes = 268435456L

    /// The search by squared Euclidean distance between embeddings as they are.
    static member SquaredEuclidean =
        CustomKNN(LpDistance(normalizeEmbeddings = false, power = 2.0))

    /// The distance, or similarity, between embeddings.
    member _.Distance = distance

    /// The approximate memory that a search may use besides its inputs, copies of them, and its result, in bytes.
    member _.MaxBytes = maxBytes

    /// The largest number of queries that are compared at once; null for as many as `MaxBytes` allows.
    member _.BatchSize = batchSize

    member private _.SearchWhole(areFinite, hidden, query: torch.Tensor, k, reference, refIncludesQuery) =
        KnnInput.check query k reference refIncludesQuery
        use scope = torch.NewDisposeScope()
        let shape = [| query.size 0; k |]
        let indices = torch.empty (shape, dtype = torch.int64, device = query.device)

        let distances =
            torch.empty (shape, dtype = KnnInput.dtype query reference, device = query.device)

        search areFinite hidden query k reference refIncludesQuery (fun first found columns ->
            let place (all: torch.Tensor) = all.narrow (0L, first, found.size 0)
            (place distances).copy_ found |> ignore
            (place indices).copy_ columns |> ignore)

        scope.MoveToOuter(distances, indices) |> ignore
        new Neighbours(distances, indices)

    /// A search among embeddings that are known to be finite.
    member internal this.SearchFinite(query: torch.Tensor, k: int64, reference: torch.Tensor) : Neighbours =
        this.SearchWhole(true, Hidden.Nothing, query, k, reference, false)

    /// The same among references (R × D) some of which are hidden (R, bool); so many are not, at least k.
    member internal this.SearchShown(query: torch.Tensor, k: int64, reference: torch.Tensor, isHidden, shown: int64) =
        this.SearchWhole(true, Hidden.References(isHidden, shown), query, k, reference, false)

    /// The nearest of other labels than the query's own, by labels of queries (Q) and references (R), block by block. Where a query has
    /// fewer, the others are infinitely far.
    member internal _.SearchOtherLabels
        (
            query: torch.Tensor,
            queryLabels: torch.Tensor,
            k: int64,
            reference: torch.Tensor,
            refLabels: torch.Tensor,
            act: int64 -> Neighbours -> unit
        ) : unit =
        search true (Hidden.OwnLabel(queryLabels, refLabels)) query k reference false (fun first distances columns ->
            act first (new Neighbours(distances, columns)))

    /// The same block by block: `act` gets the number of the first query of a block, and the block's neighbours.
    member internal _.SearchFiniteInBlocks
        (
            query: torch.Tensor,
            k: int64,
            reference: torch.Tensor,
            refIncludesQuery: bool,
            act: int64 -> Neighbours -> unit
        ) : unit =
        search true Hidden.Nothing query k reference refIncludesQuery (fun first distances columns ->
            act first (new Neighbours(distances, columns)))

    override this.Search(query, k, reference, refIncludesQuery) =
        this.SearchWhole(false, Hidden.Nothing, query, k, reference, refIncludesQuery)

    override _.SearchInBlocks(query, k, reference, refIncludesQuery, act) =
        ArgumentNullException.ThrowIfNull(act, nameof act)

        search false Hidden.Nothing query k reference refIncludesQuery (fun first distances columns ->
            act.Invoke(first, new Neighbours(distances, columns)))
