namespace MetricLearning

open TorchSharp

/// The numbers that a search by a distance compares: numbers of which the smallest belong to the nearest, which are cheap to compute for
/// many pairs at once. They need not be the distances, but order them alike.
[<ReferenceEquality>]
type internal Nearness =
    {
        /// Rows of queries and references as `Matrix` takes them.
        Query: torch.Tensor
        Reference: torch.Tensor
        /// (Qt × …) and (Rt × …) to a new, contiguous (Qt × Rt).
        Matrix: torch.Tensor -> torch.Tensor -> torch.Tensor
        /// From such numbers of the queries that begin at a row to distances: the same shape.
        ToDistance: int64 -> torch.Tensor -> torch.Tensor
        /// Given where the numbers of `Matrix` carry rounding errors that depend on how the work is cut: rows to compare pair by pair, and
        /// the nearness of (n × 1 × D) to (n × c × D), which it writes in, without such errors, (n × c); then they are distances,
        /// or the negative of similarities.
        Pairwise: struct (torch.Tensor * torch.Tensor * (torch.Tensor -> torch.Tensor -> torch.Tensor)) voption
        /// The number of matrices of the size of its result that `Matrix` holds at once.
        Matrices: int64
    }

module internal Nearness =

    // For few queries, a copy of the references would take longer than the product, and as much memory as an index.
    let private isOneOff (query: torch.Tensor) (reference: torch.Tensor) =
        query.size 0 <= 32L && reference.size 0 >= 1024L

    // ‖y‖² of every row (R × 1), in blocks: the products of a large index need not lie in memory. Exact where they can be, so that
    // what is equally near stays so.
    let private squares (rows: torch.Tensor) : torch.Tensor =
        let count = rows.size 0
        let all = torch.empty (count, 1L, dtype = rows.dtype, device = rows.device)
        let block = max 1L (262144L / max 1L (rows.size 1))

        for first in 0L .. block .. count - 1L do
            use _ = torch.NewDisposeScope()
            let part = rows.narrow (0L, first, min block (count - first))
            all.narrow(0L, first, part.size 0).copy_((part * part).sum(1L, true)) |> ignore

        all

    // ‖x − y‖² − ‖x‖² = (−2x, 1) · (y, ‖y‖²): one matrix product, and the same order as the distance.
    let private euclidean (power: double) (query: torch.Tensor) (reference: torch.Tensor) : Nearness =
        let isOneOff = isOneOff query reference
        let near = Offset.remover reference
        let nearQuery = near query

        let beside (column: torch.Tensor -> torch.Tensor) (factor: float) (rows: torch.Tensor) =
            if isOneOff then
                rows
            else
                torch.cat ([| (if factor = 1.0 then rows else rows .* factor); column rows |], 1L)

        let querySquares = squares nearQuery

        let raise' (squared: torch.Tensor) =
            if power = 2.0 then squared
            elif power = 1.0 then squared.sqrt_ ()
            else squared.pow_ (Numeric.scalar (power / 2.0))

        {
            Query =
                nearQuery
                |> beside (fun rows -> torch.ones_like (rows.narrow (1L, 0L, 1L))) -2.0
            Reference =
                if isOneOff then
                    reference
                else
                    near reference |> beside squares 1.0
            Matrix =
                fun query reference ->
                    if isOneOff then
                        let reference = near reference
                        torch.addmm (squares(reference).t(), query, reference.t (), 1.0f, -2.0f)
                    else
                        query.mm (reference.t ())
            ToDistance =
                fun first scores ->
                    let squares = querySquares.narrow (0L, first, scores.size 0)
                    (scores .+. squares).clamp_min_(Numeric.whole 0L) |> raise'
            Pairwise =
                ValueSome(
                    struct (query,
                            reference,
                            fun query reference ->
                                let difference = reference.sub_ query
                                (difference.mul_ difference).sum 2L |> raise')
                )
            Matrices = 2L
        }

    let private product (query: torch.Tensor) (reference: torch.Tensor) : Nearness =
        {
            Query = query.neg ()
            Reference = reference
            Matrix = fun query reference -> query.mm (reference.t ())
            ToDistance = fun _ scores -> scores.neg ()
            Pairwise =
                ValueSome(struct (query, reference, (fun query reference -> (reference.mul_ query).sum(2L).neg_())))
            Matrices = 2L
        }

    let private general (distance: Distance) (query: torch.Tensor) (reference: torch.Tensor) : Nearness =
        let sign (values: torch.Tensor) =
            if distance.IsInverted then values.neg () else values

        {
            Query = query
            Reference = reference
            Matrix =
                fun query reference -> (distance.ComputeMatrix(query, reference) |> distance.Raise |> sign).contiguous()
            ToDistance = fun _ scores -> sign scores
            Pairwise = ValueNone
            Matrices = 6L
        }

    /// The search by a distance among these rows (Q × D and R × D of one floating-point type).
    let ofDistance (distance: Distance) (query: torch.Tensor) (reference: torch.Tensor) : Nearness =
        let query, reference =
            distance.MaybeNormalize query, distance.MaybeNormalize reference

        match distance.Kind with
        | DistanceKind.Lp when distance.P = 2.0 && distance.Power > 0.0 -> euclidean distance.Power query reference
        | DistanceKind.Cosine
        | DistanceKind.DotProduct when distance.Power = 1.0 -> product query reference
        | _ -> general distance query reference
