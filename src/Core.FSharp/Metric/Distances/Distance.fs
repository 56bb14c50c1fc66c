namespace MetricLearning

open System
open TorchSharp

/// A distance (small means similar) or similarity (large means similar, `IsInverted`) between embeddings. A distance of
/// your own gives the two formulas, `ComputeMatrix` and `PairwiseDistance`; the rest follows. Its statistics are the average
/// norms of the last call's rows, before and after normalisation.
[<AbstractClass>]
type Distance
    /// <param name="name">Name of the distance's class.</param>
    /// <param name="isInverted">True for a similarity: large means similar.</param>
    /// <param name="normalizeEmbeddings">Scales embeddings to length 1 in the p-norm first.</param>
    /// <param name="p">Order of the norm, above 0.</param>
    /// <param name="power">Exponent of the entries of the matrix.</param>
    (name: string, isInverted: bool, normalizeEmbeddings: bool, p: double, power: double) =
    inherit
        MetricPart(
            name,
            [|
                "initial_avg_query_norm"
                "initial_avg_ref_norm"
                "final_avg_query_norm"
                "final_avg_ref_norm"
            |]
        )

    do
        if not (p > 0.0) then
            invalidArg (nameof p) $"p is the order of a norm and must be above 0 (infinity is allowed); it is {p}."

    /// Of normalised embeddings (Euclidean norm), with power 1.
    new(name: string, isInverted: bool) = Distance(name, isInverted, true, 2.0, 1.0)

    /// True if rows are scaled to length 1 (in the p-norm) before they are compared.
    member _.NormalizeEmbeddings = normalizeEmbeddings

    /// The order of the norm.
    member _.P = p

    /// The exponent of the entries of the matrix.
    member _.Power = power

    /// True for a similarity: large means similar.
    member _.IsInverted = isInverted

    /// The formula.
    abstract Kind: DistanceKind

    default _.Kind = DistanceKind.Other

    /// Every row of `query` (Nq × D) with every row of `reference` (Nr × D), both already normalised: (Nq × Nr), before
    /// it is raised to `Power`. `query` and `reference` may be one object.
    abstract ComputeMatrix: query: torch.Tensor * reference: torch.Tensor -> torch.Tensor

    /// Row i of `query` with row i of `reference`: one value a row. Neither normalised nor raised to a power.
    abstract PairwiseDistance: query: torch.Tensor * reference: torch.Tensor -> torch.Tensor

    /// Row i of `query` with row i of `reference`, both already normalised: entry (i, i) of `ComputeMatrix`. Called only
    /// if `Kind` is a known formula.
    abstract ComputePairs: query: torch.Tensor * reference: torch.Tensor -> torch.Tensor

    default this.ComputePairs(query, reference) = this.PairwiseDistance(query, reference)

    /// Both sets checked and normalised, with their statistics; `reference` null: `query` itself.
    member internal this.Prepare
        (query: torch.Tensor, reference: torch.Tensor | null)
        : struct (torch.Tensor * torch.Tensor) =
        InputChecks.comparable (nameof query) query (nameof reference) reference

        let other =
            match reference with
            | null -> query
            | given -> given

        let normalQuery = this.MaybeNormalize query

        let normalOther =
            if Object.ReferenceEquals(query, other) then
                normalQuery
            else
                this.MaybeNormalize other

        this.BeginCall()
        this.Statistics.Record("initial_avg_query_norm", fun () -> this.GetNorm(query).mean())
        this.Statistics.Record("initial_avg_ref_norm", fun () -> this.GetNorm(other).mean())
        this.Statistics.Record("final_avg_query_norm", fun () -> this.GetNorm(normalQuery).mean())
        this.Statistics.Record("final_avg_ref_norm", fun () -> this.GetNorm(normalOther).mean())

        struct (normalQuery, normalOther)

    /// Values raised to `Power`.
    member internal _.Raise(values: torch.Tensor) : torch.Tensor =
        if power = 1.0 then
            values
        else
            values.pow (Numeric.scalar power)

    /// Every row of `query` (Nq × D) with every row of `reference` (Nr × D; null: `query` itself): (Nq × Nr).
    member this.Matrix(query: torch.Tensor, reference: torch.Tensor | null) : torch.Tensor =
        let struct (query, other) = this.Prepare(query, reference)
        this.Raise(this.ComputeMatrix(query, other))

    /// Every embedding of an input with every row of its reference set (N × Nr): what the miner computed before, where it has.
    member internal this.MatrixOf(input: MetricInput) : torch.Tensor =
        // A distance of the user's may hold more than can be seen here.
        let isOurs =
            this.Kind <> DistanceKind.Other
            && this.GetType().Assembly = typeof<Distance>.Assembly

        match input.Shared with
        | NonNull shared when isOurs && input.IsSelf && not this.CollectStats && shared.AreOf input.Embeddings ->
            this.BeginCall()

            let rows () =
                if normalizeEmbeddings then
                    shared.Of(struct ("rows", p), (fun () -> this.Normalize input.Embeddings))
                else
                    input.Embeddings

            shared.Of(
                struct (this.Kind, normalizeEmbeddings, p, power),
                fun () ->
                    let rows = rows ()
                    this.Raise(this.ComputeMatrix(rows, rows))
            )
        | _ -> this.Matrix(input.Embeddings, input.References)

    /// The rows scaled to length 1 in the p-norm; a row of zeros stays one.
    member _.Normalize(embeddings: torch.Tensor) : torch.Tensor =
        InputChecks.matrix (nameof embeddings) embeddings

        if p = 2.0 then
            UnitRows.Of embeddings
        else
            UnitRows.InNorm p embeddings

    /// `Normalize`, if this distance normalises.
    member this.MaybeNormalize(embeddings: torch.Tensor) : torch.Tensor =
        InputChecks.matrix (nameof embeddings) embeddings

        if normalizeEmbeddings then
            this.Normalize embeddings
        else
            embeddings

    /// The p-norm of every row.
    member _.GetNorm(embeddings: torch.Tensor) : torch.Tensor =
        InputChecks.matrix (nameof embeddings) embeddings
        torch.linalg.norm (embeddings, p, [| 1L |])

    /// The excess distance of `x` over `y`: x − y for distances, y − x for similarities.
    member _.Margin(x: torch.Tensor, y: torch.Tensor) : torch.Tensor =
        DistanceValues.fit x y
        if isInverted then y - x else x - y

    /// The excess distance of `x` over `y`.
    member _.Margin(x: torch.Tensor, y: double) : torch.Tensor =
        DistanceValues.areNumbers (nameof x) x
        if isInverted then y -. x else x .- y

    /// The excess distance of `x` over `y`.
    member _.Margin(x: double, y: torch.Tensor) : torch.Tensor =
        DistanceValues.areNumbers (nameof y) y

        if isInverted then y .- x
        elif y.is_floating_point () then Numeric.constant y x - y
        else x -. y

    /// The nearer of two values, element by element: the smaller distance or larger similarity.
    member _.SmallestDist(x: torch.Tensor, y: torch.Tensor) : torch.Tensor =
        DistanceValues.fit x y
        if isInverted then x.maximum y else x.minimum y

    /// The farther of two values, element by element.
    member _.LargestDist(x: torch.Tensor, y: torch.Tensor) : torch.Tensor =
        DistanceValues.fit x y
        if isInverted then x.minimum y else x.maximum y

    /// The nearest along a dimension, and where it is.
    member _.SmallestDist(x: torch.Tensor, dim: int64) : struct (torch.Tensor * torch.Tensor) =
        DistanceValues.haveAlong dim x
        if isInverted then x.max dim else x.min dim

    /// The farthest along a dimension, and where it is.
    member _.LargestDist(x: torch.Tensor, dim: int64) : struct (torch.Tensor * torch.Tensor) =
        DistanceValues.haveAlong dim x
        if isInverted then x.min dim else x.max dim

    /// The nearest of all.
    member _.SmallestDist(x: torch.Tensor) : torch.Tensor =
        DistanceValues.haveAny x
        if isInverted then x.max () else x.min ()

    /// The farthest of all.
    member _.LargestDist(x: torch.Tensor) : torch.Tensor =
        DistanceValues.haveAny x
        if isInverted then x.min () else x.max ()
