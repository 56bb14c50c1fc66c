namespace MetricLearning

open System
open System.Runtime.InteropServices
open TorchSharp

/// Exact search: every vector is compared with the query. On two processors it takes about 0.1 s for one query among 1,000,000 vectors of 128
/// numbers, and far less a query for several at once.
[<Sealed>]
type ExactSearch
    /// <summary>A search without vectors; the first ones decide the width.</summary>
    /// <param name="distance">Compares vectors; null for the cosine similarity.</param>
    /// <param name="device">Where vectors are kept and compared; null for the CPU.</param>
    /// <param name="maxBytes">The approximate memory that a search may use besides the vectors.</param>
    (
        [<Optional; DefaultParameterValue(null: Distance | null)>] distance: Distance | null,
        [<Optional; DefaultParameterValue(null: torch.Device | null)>] device: torch.Device | null,
        [<Optional; DefaultParameterValue(268435456L)>] maxBytes: int64
    ) =
    inherit
        VectorSearch(
            match distance with
            | null -> CosineSimilarity() :> Distance
            | given -> given
        )

    let rows = new EmbeddingRows()

    let device =
        match device with
        | null -> torch.CPU
        | given -> given

    let knn =
        let given =
            match distance with
            | null -> CosineSimilarity() :> Distance
            | given -> given

        CustomKNN((PreparedVectors.distance given |> ValueOption.defaultValue given), maxBytes = maxBytes)

    override _.Dimensions = rows.Width

    override this.Insert(keys, vectors) =
        this.CheckInsert(keys, vectors)
        use _ = torch.NewDisposeScope()
        rows.Write(keys, vectors.``to`` device)

    // Rows of zeros, hidden from every search.
    override _.Delete(keys) =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()

        match rows.All with
        | null -> ()
        | all ->
            let known = keys |> Array.filter (fun key -> key >= 0L && key < all.size 0)

            all.index_fill_ (0L, torch.tensor (known, device = device), Numeric.whole 0L)
            |> ignore

    override this.Nearest(queries, k, keys) =
        this.CheckNearest(queries, k, keys)
        use scope = torch.NewDisposeScope()
        let queries = queries.``to`` device

        let found =
            match rows.First keys.Limit with
            | null -> invalidOp "Nothing was inserted yet."
            | rows when keys.AreAll -> knn.SearchFinite(queries, min k keys.Limit, rows)
            | rows ->
                let isHidden = Array.init (int keys.Limit) (fun key -> not (keys.Contains key))
                let shown = isHidden |> Array.sumBy (fun hidden -> if hidden then 0L else 1L)

                if shown = 0L then
                    let none = [| queries.size 0; 0L |]
                    new Neighbours(torch.empty (none, dtype = torch.float32), torch.empty (none, dtype = torch.int64))
                else
                    knn.SearchShown(queries, min k shown, rows, torch.tensor (isHidden, device = device), shown)

        scope.MoveToOuter(found.Distances, found.Indices) |> ignore
        found

    override _.Read(keys) =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)
        use scope = torch.NewDisposeScope()

        match rows.All with
        | null -> torch.empty (0L, 0L, device = device)
        | all ->
            match keys |> Array.tryFind (fun key -> key < 0L || key >= all.size 0) with
            | Some key -> invalidArg (nameof keys) $"{key} is no key of a vector."
            | None -> all.index_select (0L, torch.tensor (keys, device = device))
        |> scope.MoveToOuter

    override _.Dispose() = (rows :> IDisposable).Dispose()
