namespace MetricLearning

open System
open System.Collections.Generic
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open TorchSharp

/// <summary>
/// Decides which embeddings match: those within a threshold of each other, or, by a similarity, at least as similar as the threshold.
/// </summary>
/// <remarks>
/// 16-bit embeddings are compared in 32 bits, and embeddings that are not finite are refused. The distance normalizes embeddings where it is made to.
/// </remarks>
[<Sealed>]
type MatchFinder
    /// <summary>A finder by a distance.</summary>
    /// <param name="distance">Compares embeddings; null for the cosine similarity.</param>
    /// <param name="threshold">The default threshold; null if every call gives one, or a calibration does.</param>
    /// <exception cref="System.ArgumentException">The threshold is NaN.</exception>
    (
        [<Optional; DefaultParameterValue(null: Distance | null)>] distance: Distance | null,
        [<Optional>] threshold: Nullable<float>
    ) =

    // Elements of a distance matrix that are computed at once.
    static let block = 8_000_000L

    let distance =
        match distance with
        | null -> CosineSimilarity() :> Distance
        | given -> given

    do
        if threshold.HasValue && Double.IsNaN threshold.Value then
            invalidArg (nameof threshold) "threshold is NaN: give a number."

    let chosen (given: Nullable<float>) : Scalar =
        match given.HasValue, threshold.HasValue with
        | true, _ when Double.IsNaN given.Value -> invalidArg (nameof threshold) "threshold is NaN: give a number."
        | true, _ -> Numeric.scalar given.Value
        | _, true -> Numeric.scalar threshold.Value
        | _ ->
            invalidOp
                "There is no threshold to match by: give one here or to the MatchFinder, or calibrate one on a validation set."

    let matches (limit: Scalar) (distances: torch.Tensor) : torch.Tensor =
        if distance.IsInverted then
            distances.ge limit
        else
            distances.le limit

    /// The distance, or similarity, between embeddings.
    member _.Distance = distance

    /// The default threshold; null if every call must give one.
    member _.Threshold = threshold

    /// The same finder with another threshold.
    member internal _.WithThreshold(threshold: float) : MatchFinder =
        MatchFinder(distance, Nullable threshold)

    /// Calls `act` with the distances of a block of queries, which begins at the given row, to every reference.
    member internal _.Compare(query: torch.Tensor, reference: torch.Tensor, act: int64 -> torch.Tensor -> unit) : unit =
        use _ = torch.no_grad ()
        use _ = torch.NewDisposeScope()
        let query, reference = Numeric.atLeast32 query, Numeric.atLeast32 reference
        let rows = max 1L (block / max 1L (reference.size 0))

        let queries = if reference.size 0 = 0L then 0L else query.size 0

        for first in 0L .. rows .. queries - 1L do
            use _ = torch.NewDisposeScope()
            let part = query.narrow (0L, first, min rows (query.size 0 - first))
            act first (distance.Matrix(part, reference))

    /// ArgumentException unless embeddings can be compared: matrices of finite numbers, equally wide.
    member internal _.Check(query: torch.Tensor, reference: torch.Tensor) : unit =
        EmbeddingChecks.areComparable
            [
                struct (nameof query, query)
                if not (obj.ReferenceEquals(query, reference)) then
                    struct (nameof reference, reference)
            ]

    /// The distances between rows of equal number of x and y (N × D): (N).
    member internal _.ComparePairs(x: torch.Tensor, y: torch.Tensor) : torch.Tensor =
        if x.dim () <> 2L || y.dim () <> 2L || x.size 0 <> y.size 0 || x.size 1 <> y.size 1 then
            invalidArg
                (nameof y)
                $"Embeddings of shape {Shape.show x.shape} and {Shape.show y.shape} cannot be compared row by row: give two matrices of the same shape."

        use _ = torch.no_grad ()
        use scope = torch.NewDisposeScope()
        let x = distance.MaybeNormalize(Numeric.atLeast32 x)
        let y = distance.MaybeNormalize(Numeric.atLeast32 y)

        let distances =
            if distance.Kind = DistanceKind.Other then
                distance.PairwiseDistance(x, y)
            else
                distance.ComputePairs(x, y)

        scope.MoveToOuter(distance.Raise distances)

    /// <summary>The matrix of matches: (Q × R), bool. You own the tensor.</summary>
    /// <param name="query">(Q × D).</param>
    /// <param name="reference">(R × D); null for the query itself, each row of which then matches itself.</param>
    /// <param name="threshold">Null for the finder's.</param>
    /// <exception cref="System.ArgumentException">Embeddings are no matrices of finite numbers, or not equally wide.</exception>
    /// <exception cref="System.InvalidOperationException">There is no threshold.</exception>
    member this.GetMatchingPairs
        (
            query: torch.Tensor,
            [<Optional; DefaultParameterValue(null: torch.Tensor | null)>] reference: torch.Tensor | null,
            [<Optional>] threshold: Nullable<float>
        ) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(query, nameof query)
        let limit = chosen threshold
        let reference = reference |> Option.ofObj |> Option.defaultValue query
        this.Check(query, reference)

        let found =
            torch.empty (query.size 0, reference.size 0, dtype = torch.bool, device = query.device)

        try
            this.Compare(
                query,
                reference,
                fun first distances ->
                    found.narrow(0L, first, distances.size 0).copy_(matches limit distances)
                    |> ignore
            )

            found
        with _ ->
            found.Dispose()
            reraise ()

    /// <summary>The matches as pairs of row numbers, ordered by query, then by reference.</summary>
    /// <param name="query">(Q × D).</param>
    /// <param name="reference">(R × D); null for the query itself, each row of which then matches itself.</param>
    /// <param name="threshold">Null for the finder's.</param>
    /// <exception cref="System.ArgumentException">Embeddings are no matrices of finite numbers, or not equally wide.</exception>
    /// <exception cref="System.InvalidOperationException">There is no threshold.</exception>
    [<return: TupleElementNames([| "Query"; "Reference" |])>]
    member this.GetMatchingTuples
        (
            query: torch.Tensor,
            [<Optional; DefaultParameterValue(null: torch.Tensor | null)>] reference: torch.Tensor | null,
            [<Optional>] threshold: Nullable<float>
        ) : IReadOnlyList<struct (int64 * int64)> =
        ArgumentNullException.ThrowIfNull(query, nameof query)
        let limit = chosen threshold
        let reference = reference |> Option.ofObj |> Option.defaultValue query
        this.Check(query, reference)
        let found = ResizeArray()

        this.Compare(
            query,
            reference,
            fun first distances ->
                let places = (matches limit distances).nonzero().cpu().contiguous()

                if places.size 0 > 0L then
                    for pair in places.data<int64>().ToArray() |> Array.chunkBySize 2 do
                        found.Add(struct (first + pair[0], pair[1]))
        )

        found

    /// <summary>For each row of x, whether it matches the row of y with the same number.</summary>
    /// <param name="x">(N × D).</param>
    /// <param name="y">(N × D).</param>
    /// <param name="threshold">Null for the finder's.</param>
    /// <exception cref="System.ArgumentException">They differ in shape, or a number is NaN or infinite.</exception>
    /// <exception cref="System.InvalidOperationException">There is no threshold.</exception>
    member this.IsMatch(x: torch.Tensor, y: torch.Tensor, [<Optional>] threshold: Nullable<float>) : bool[] =
        ArgumentNullException.ThrowIfNull(x, nameof x)
        ArgumentNullException.ThrowIfNull(y, nameof y)
        let limit = chosen threshold
        use _ = torch.NewDisposeScope()
        EmbeddingChecks.areComparable [ struct (nameof x, x); struct (nameof y, y) ]
        let found = this.ComparePairs(x, y) |> matches limit

        if found.numel () = 0L then
            [||]
        else
            found.cpu().data<bool>().ToArray()
