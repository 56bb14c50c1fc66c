namespace MetricLearning.Core

open TorchSharp

/// How a distance is searched by: numbers of which the smallest belong to the nearest, which are cheap to compute for
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
        /// Where the numbers of `Matrix` carry rounding errors that depend on how the work is cut: rows to compare pair by pair, and
        /// the nearness of (n × 1 × D) to (n × c × D) without such errors, (n × c); then they are distances, or the negative
        /// of similarities.
        Pairwise: struct (torch.Tensor * torch.Tensor * (torch.Tensor -> torch.Tensor -> torch.Tensor)) voption
        /// How many matrices of the size of its result `Matrix` holds at once.
        Matrices: int64
    }

module internal Nearness =

    // ‖x − y‖² − ‖x‖² = (−2x, 1) · (y, ‖y‖²): one matrix product, and the same order as the distance.
    let private euclidean (power: double) (query: torch.Tensor) (reference: torch.Tensor) : Nearness =
        let squares (rows: torch.Tensor) = (rows * rows).sum(1L, true)
        let one = torch.ones_like (query.narrow (1L, 0L, 1L))
        let querySquares = squares query

        let raise' (squared: torch.Tensor) =
            if power = 2.0 then squared
            elif power = 1.0 then squared.sqrt_ ()
            else squared.pow_ (Numeric.scalar (power / 2.0))

        {
            Query = torch.cat ([| query * -2.0; one |], 1L)
            Reference = torch.cat ([| reference; squares reference |], 1L)
            Matrix = fun query reference -> query.mm (reference.t ())
            ToDistance =
                fun first scores ->
                    use once = 1L.ToScalar()
                    use least = 0L.ToScalar()
                    let squares = querySquares.narrow (0L, first, scores.size 0)
                    scores.add(squares, once).clamp_min_(least) |> raise'
            Pairwise =
                ValueSome(
                    struct (query,
                            reference,
                            fun query reference ->
                                let difference = reference - query
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
            Pairwise = ValueSome(struct (query, reference, (fun query reference -> (reference * query).sum(2L).neg_())))
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

    /// How to search by a distance among these rows (Q × D and R × D of one floating-point type).
    let ofDistance (distance: Distance) (query: torch.Tensor) (reference: torch.Tensor) : Nearness =
        let query, reference =
            distance.MaybeNormalize query, distance.MaybeNormalize reference

        match distance.Kind with
        | DistanceKind.Lp when distance.P = 2.0 && distance.Power > 0.0 -> euclidean distance.Power query reference
        | DistanceKind.Cosine
        | DistanceKind.DotProduct when distance.Power = 1.0 -> product query reference
        | _ -> general distance query reference
