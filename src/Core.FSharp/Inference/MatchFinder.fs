namespace MetricLearning.Core

open MetricLearning
open System
open TorchSharp

/// Tells which embeddings match: those at a distance of a threshold at most; of a similarity, those at least as similar.
/// 16-bit embeddings are compared in 32 bits; what is at a distance of NaN does not match.
[<Sealed>]
type MatchFinder(distance: Distance, threshold: Nullable<float>) =

    // So many numbers of a matrix are made at once.
    static let block = 8_000_000L

    do
        if threshold.HasValue && Double.IsNaN threshold.Value then
            invalidArg (nameof threshold) "threshold is NaN: give a number."

    let chosen (given: Nullable<float>) : Scalar =
        match given.HasValue, threshold.HasValue with
        | true, _ when Double.IsNaN given.Value -> invalidArg (nameof threshold) "threshold is NaN: give a number."
        | true, _ -> given.Value.ToScalar()
        | _, true -> threshold.Value.ToScalar()
        | _ ->
            invalidOp
                "There is no threshold to match by: give one here or to the MatchFinder, or calibrate one on a validation set."

    let matches (limit: Scalar) (distances: torch.Tensor) : torch.Tensor =
        if distance.IsInverted then
            distances.ge limit
        else
            distances.le limit

    /// At the cosine of 0.9.
    static member Default =
        MatchFinder(Distances.Cosine.distance Distances.Cosine.defaults, Nullable 0.9)

    /// What embeddings are compared by.
    member _.Distance = distance

    /// What matches from what does not; null where every call must say.
    member _.Threshold = threshold

    /// The same with another threshold.
    member _.WithThreshold(threshold: float) : MatchFinder =
        MatchFinder(distance, Nullable threshold)

    /// Calls `act` with the distances of some rows of the query (from the number given) to every row of the reference.
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

    /// The distance of each row of x (N × D) to that row of y: (N).
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

    /// Which rows of the query (Q × D) match which of the reference (R × D; null: of the query, each of which then matches
    /// itself): (Q × R), bool. The threshold is the finder's where it is null.
    /// InvalidOperationException when there is no threshold.
    member this.GetMatchingPairs
        (query: torch.Tensor, reference: torch.Tensor | null, threshold: Nullable<float>)
        : torch.Tensor =
        let limit = chosen threshold

        let reference =
            match reference with
            | null -> query
            | given -> given

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

    /// The same as pairs of row numbers, in the order of the query's and then the reference's rows.
    member this.GetMatchingTuples
        (query: torch.Tensor, reference: torch.Tensor | null, threshold: Nullable<float>)
        : struct (int64 * int64)[] =
        let limit = chosen threshold

        let reference =
            match reference with
            | null -> query
            | given -> given

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

        found.ToArray()

    /// Whether each row of x (N × D) matches that row of y.
    /// ArgumentException when they are not alike; InvalidOperationException when there is no threshold.
    member this.IsMatch(x: torch.Tensor, y: torch.Tensor, threshold: Nullable<float>) : bool[] =
        let limit = chosen threshold
        use _ = torch.NewDisposeScope()
        let found = this.ComparePairs(x, y) |> matches limit

        if found.numel () = 0L then
            [||]
        else
            found.cpu().data<bool>().ToArray()
