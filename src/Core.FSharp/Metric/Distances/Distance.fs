namespace MetricLearning

open MetricLearning.Core
open System
open TorchSharp

/// Which formula a distance follows. Losses that are defined for one formula only ask for it; a distance of your own
/// is `Other`.
type DistanceKind =
    /// One of a user's own.
    | Other = 0
    /// The norm of the difference.
    | Lp = 1
    /// The cosine of the angle.
    | Cosine = 2
    /// The inner product.
    | DotProduct = 3
    /// The variance of the difference by that of the anchor.
    | SignalToNoise = 4

/// A distance (small means similar) or similarity (large means similar, `IsInverted`) between embeddings. A distance of
/// your own gives the two formulas, `ComputeMatrix` and `PairwiseDistance`; the rest follows.
[<AbstractClass>]
type Distance(normalizeEmbeddings: bool, p: double, power: double, isInverted: bool, collectStats: Nullable<bool>) =
    let statistics =
        Statistics(
            collectStats,
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

    /// Euclidean norms, normalised embeddings, power 1.
    new(isInverted: bool) = Distance(true, 2.0, 1.0, isInverted, Nullable())

    /// Whether rows are scaled to length 1 (in the p-norm) before they are compared.
    member _.NormalizeEmbeddings = normalizeEmbeddings

    /// The order of the norm.
    member _.P = p

    /// What the entries of the matrix are raised to.
    member _.Power = power

    /// Whether large means similar.
    member _.IsInverted = isInverted

    /// Average norms of the last call's rows, before and after normalisation.
    member _.Stats = statistics.Values

    /// Which formula this is.
    abstract Kind: DistanceKind

    default _.Kind = DistanceKind.Other

    /// Every row of `query` (Nq × D) with every row of `reference` (Nr × D), both already normalised: (Nq × Nr), before
    /// it is raised to `Power`. `query` and `reference` may be one object.
    abstract ComputeMatrix: query: torch.Tensor * reference: torch.Tensor -> torch.Tensor

    /// Row i of `query` with row i of `reference`: one value a row. Neither normalised nor raised to a power.
    abstract PairwiseDistance: query: torch.Tensor * reference: torch.Tensor -> torch.Tensor

    /// Row i of `query` with row i of `reference`, both already normalised: entry (i, i) of `ComputeMatrix`. Asked for only
    /// where `Kind` is a known formula.
    abstract ComputePairs: query: torch.Tensor * reference: torch.Tensor -> torch.Tensor

    default this.ComputePairs(query, reference) = this.PairwiseDistance(query, reference)

    /// Both sets checked and normalised, with their statistics; `reference` null: `query` itself.
    member internal this.Prepare
        (query: torch.Tensor, reference: torch.Tensor | null)
        : struct (torch.Tensor * torch.Tensor) =
        let other =
            match reference with
            | null -> query
            | given -> given

        if query.dim () <> 2L || other.dim () <> 2L then
            invalidArg (nameof query) "Embeddings must be matrices, one row a sample; flatten what the network returns."

        if query.size 1 <> other.size 1 then
            invalidArg
                (nameof reference)
                $"Embeddings of {query.size 1} and of {other.size 1} numbers cannot be compared: they must be equally wide."

        let normalQuery = this.MaybeNormalize query

        let normalOther =
            if Object.ReferenceEquals(query, other) then
                normalQuery
            else
                this.MaybeNormalize other

        statistics.Reset()
        statistics.Record("initial_avg_query_norm", fun () -> this.GetNorm(query).mean())
        statistics.Record("initial_avg_ref_norm", fun () -> this.GetNorm(other).mean())
        statistics.Record("final_avg_query_norm", fun () -> this.GetNorm(normalQuery).mean())
        statistics.Record("final_avg_ref_norm", fun () -> this.GetNorm(normalOther).mean())

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

    /// The rows scaled to length 1 in the p-norm; a row of zeros stays one.
    member _.Normalize(embeddings: torch.Tensor) : torch.Tensor =
        // In 16 bits the usual floor of 1e-12 is 0, and a row of zeros would become NaN.
        let floor = max 1e-12 (Numeric.tiny embeddings.dtype)
        let lengths = torch.linalg.vector_norm (embeddings, p, [| 1L |], true)
        // A product's gradient passes over memory half as often as that of a quotient.
        embeddings * lengths.clamp_min(Numeric.scalar floor).reciprocal()

    /// `Normalize`, if this distance normalises.
    member this.MaybeNormalize(embeddings: torch.Tensor) : torch.Tensor =
        if normalizeEmbeddings then
            this.Normalize embeddings
        else
            embeddings

    /// The p-norm of every row.
    member _.GetNorm(embeddings: torch.Tensor) : torch.Tensor =
        torch.linalg.vector_norm (embeddings, p, [| 1L |])

    /// How much more distant `x` is than `y`: x − y for distances, y − x for similarities.
    member _.Margin(x: torch.Tensor, y: torch.Tensor) : torch.Tensor = if isInverted then y - x else x - y

    /// How much more distant `x` is than `y`.
    member _.Margin(x: torch.Tensor, y: double) : torch.Tensor = if isInverted then y - x else x - y

    /// How much more distant `x` is than `y`.
    member _.Margin(x: double, y: torch.Tensor) : torch.Tensor = if isInverted then y - x else x - y

    /// Of two values each, the nearer: the smaller distance or larger similarity.
    member _.SmallestDist(x: torch.Tensor, y: torch.Tensor) : torch.Tensor =
        if isInverted then x.maximum y else x.minimum y

    /// Of two values each, the farther.
    member _.LargestDist(x: torch.Tensor, y: torch.Tensor) : torch.Tensor =
        if isInverted then x.minimum y else x.maximum y

    /// The nearest along a dimension, and where it is.
    member _.SmallestDist(x: torch.Tensor, dim: int64) : struct (torch.Tensor * torch.Tensor) =
        if isInverted then x.max dim else x.min dim

    /// The farthest along a dimension, and where it is.
    member _.LargestDist(x: torch.Tensor, dim: int64) : struct (torch.Tensor * torch.Tensor) =
        if isInverted then x.min dim else x.max dim

    /// The nearest of all.
    member _.SmallestDist(x: torch.Tensor) : torch.Tensor =
        if isInverted then x.max () else x.min ()

    /// The farthest of all.
    member _.LargestDist(x: torch.Tensor) : torch.Tensor =
        if isInverted then x.min () else x.max ()
