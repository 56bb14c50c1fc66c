namespace MetricLearning.Core

open System
open TorchSharp

/// Exact nearest neighbours by any distance, tile by tile.
///
/// Ties are broken by the row of the reference. 16-bit embeddings are compared in 32 bits; NaN is farther than anything.
/// Where the distance is Euclidean, a cosine or a dot product, tiles are matrix products, and the distances of what is
/// found are computed again pair by pair, so that equal rows are at a distance of exactly 0; of very large `k` (more than
/// max(16384, R) / D) they come from the matrix product itself.
[<Sealed>]
type ExactKnn(distance: Distance, maxBytes: int64, batchSize: Nullable<int>) =
    inherit KnnFunc()

    // Candidates beyond k, among which rounding may have hidden a nearer one.
    static let spare = 8L

    do
        Ranges.atLeast 1L (nameof maxBytes) maxBytes

        if batchSize.HasValue then
            Ranges.atLeast 1L (nameof batchSize) (int64 batchSize.Value)

    static let check (query: torch.Tensor) (k: int64) (reference: torch.Tensor) (refIncludesQuery: bool) : unit =
        if query.dim () <> 2L || reference.dim () <> 2L then
            invalidArg (nameof query) "Embeddings must be matrices, one row a sample; flatten what the network returns."

        if query.size 1 <> reference.size 1 then
            invalidArg
                (nameof reference)
                $"Queries of {query.size 1} and references of {reference.size 1} numbers cannot be compared: they must be equally wide."

        if not (query.is_floating_point () && reference.is_floating_point ()) then
            invalidArg
                (nameof query)
                $"Embeddings must be floating-point numbers; these are {query.dtype} and {reference.dtype}."

        Ranges.atLeast 1L (nameof k) k

        if refIncludesQuery && query.size 0 > reference.size 0 then
            invalidArg
                (nameof refIncludesQuery)
                $"The reference has {reference.size 0} rows and cannot begin with the {query.size 0} of the query: leave refIncludesQuery out."

        let available = reference.size 0 - (if refIncludesQuery then 1L else 0L)

        if k > available then
            let others =
                if refIncludesQuery then
                    "besides the query itself"
                else
                    "in the reference"

            invalidArg (nameof k) $"k is {k}, but there are {available} rows {others}: give 1 to {available}."

    // Both of one type, in at least 32 bits, on the device of the queries.
    static let alike (query: torch.Tensor) (reference: torch.Tensor) =
        let query, reference = query.detach (), reference.detach().``to`` query.device
        let query, reference = Numeric.atLeast32 query, Numeric.atLeast32 reference

        if query.dtype = reference.dtype then
            query, reference
        else
            query.to_type torch.float64, reference.to_type torch.float64

    // No row is its own neighbour: NaN comes after everything.
    static let hideSelf (firstRow: int64) (firstColumn: int64) (scores: torch.Tensor) : unit =
        let first = max firstRow firstColumn
        let count = min (firstRow + scores.size 0) (firstColumn + scores.size 1) - first

        if count > 0L then
            scores
                .narrow(0L, first - firstRow, count)
                .narrow(1L, first - firstColumn, count)
                .diagonal()
                .fill_(Numeric.scalar nan)
            |> ignore

    // Other distances may be NaN as well.
    static let selfLast (firstRow: int64) (ranked: Ranked) : Ranked =
        let rows =
            torch.arange(firstRow, firstRow + ranked.Columns.size 0, device = ranked.Columns.device).unsqueeze_ 1L

        let isSelf = ranked.Columns.eq rows

        if isSelf.any().item<bool>() then
            let struct (_, place) = isSelf.to_type(torch.uint8).sort(1L, stable = true)

            {
                Values = ranked.Values.gather (1L, place)
                Columns = ranked.Columns.gather (1L, place)
            }
        else
            ranked

    // The same candidates with their nearness computed pair by pair, in blocks that stay in the processor's cache.
    static let again
        (struct (query: torch.Tensor, reference: torch.Tensor, compute: torch.Tensor -> torch.Tensor -> torch.Tensor))
        (first: int64)
        (found: Ranked)
        : Ranked =
        let rows, count = found.Columns.size 0, found.Columns.size 1
        let block = max 1L (262144L / (count * query.size 1 + 1L))
        let values = torch.empty_like found.Values

        for start in 0L .. block .. rows - 1L do
            use _ = torch.NewDisposeScope()
            let size = min block (rows - start)
            let columns = found.Columns.narrow (0L, start, size)

            let references =
                reference.index_select(0L, columns.reshape [| -1L |]).view(size, count, -1L)

            values
                .narrow(0L, start, size)
                .copy_(compute (query.narrow(0L, first + start, size).unsqueeze 1L) references)
            |> ignore

        { found with Values = values }

    let search
        (query: torch.Tensor)
        (k: int64)
        (reference: torch.Tensor)
        (refIncludesQuery: bool)
        (act: int64 -> torch.Tensor -> torch.Tensor -> unit)
        =
        check query k reference refIncludesQuery
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let query, reference = alike query reference
        let nearness = Nearness.ofDistance distance query reference
        let queries, references = query.size 0, reference.size 0

        let pairwise =
            match nearness.Pairwise with
            | ValueSome pairwise when (k + spare) * query.size 1 <= max 16384L references -> ValueSome pairwise
            | _ -> ValueNone

        // With self, whose distance is NaN as those of others may be.
        let kept = min references (k + (if pairwise.IsSome then spare else 1L))

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

                        if refIncludesQuery then
                            hideSelf firstRow firstColumn scores

                        let ranked = Ranking.smallest kept numbers scores

                        if firstColumn > 0L then
                            ranked.Columns.add_ (firstColumn.ToScalar()) |> ignore

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

            let ranked =
                match pairwise with
                | ValueSome pairwise -> again pairwise firstRow found |> Ranking.inOrder
                | ValueNone -> found

            let ranked =
                (if refIncludesQuery then
                     selfLast firstRow ranked
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

    /// As much memory as it takes unless told otherwise: 256 MiB.
    static member DefaultMaxBytes = 268435456L

    /// By a distance, within `DefaultMaxBytes`.
    new(distance: Distance) = ExactKnn(distance, ExactKnn.DefaultMaxBytes, Nullable())

    /// Squared Euclidean distances between embeddings as they are.
    static member SquaredEuclidean =
        ExactKnn(
            Distances.Lp.distance
                { Distances.Lp.defaults with
                    NormalizeEmbeddings = false
                    Power = 2.0
                }
        )

    /// What embeddings are compared with.
    member _.Distance = distance

    /// About how many bytes a search may take besides its inputs, copies of them, and its result.
    member _.MaxBytes = maxBytes

    /// At most so many queries are compared at once; null: as many as `MaxBytes` allows. It never changes a result.
    member _.BatchSize = batchSize

    override _.Search(query, k, reference, refIncludesQuery) =
        use scope = torch.NewDisposeScope()

        let indices =
            torch.empty ([| query.size 0; max 0L k |], dtype = torch.int64, device = query.device)

        let dtype =
            if reference.dtype = query.dtype then
                (Numeric.atLeast32 query).dtype
            else
                torch.float64

        let distances =
            torch.empty ([| query.size 0; max 0L k |], dtype = dtype, device = query.device)

        search query k reference refIncludesQuery (fun first found columns ->
            let place (all: torch.Tensor) = all.narrow (0L, first, found.size 0)
            (place distances).copy_ found |> ignore
            (place indices).copy_ columns |> ignore)

        scope.MoveToOuter(distances, indices) |> ignore
        new Neighbours(distances, indices)

    override _.SearchInBlocks(query, k, reference, refIncludesQuery, act) =
        search query k reference refIncludesQuery (fun first distances columns ->
            act.Invoke(first, new Neighbours(distances, columns)))
