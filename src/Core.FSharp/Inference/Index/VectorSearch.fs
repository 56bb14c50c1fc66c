namespace MetricLearning

open System
open TorchSharp

/// <summary>The search that an index is made with: vectors by key. A class of your own, such as a wrapper of a library for approximate
/// search, is built once, and given to one <c>NeighbourIndex</c>, which does the rest: ids, labels, filters, files and threads.</summary>
/// <remarks>
/// The index checks what it passes on: vectors are finite, equally wide, and scaled to length 1 if the distance normalizes. It calls <c>Insert</c> and <c>Delete</c> one
/// after the other, and <c>Nearest</c> and <c>Read</c> from any number of threads, also in the middle of an <c>Insert</c> or <c>Delete</c>. Keys that
/// are being inserted are not yet asked for, and keys are deleted when no search is left that might find them.
/// </remarks>
[<AbstractClass>]
type VectorSearch(distance: Distance) =
    do ArgumentNullException.ThrowIfNull(distance, nameof distance)

    /// The distance, or similarity, that is searched by.
    member _.Distance = distance

    /// The width of the vectors; 0 as long as any will do.
    abstract Dimensions: int64

    /// Adds vectors (N × D, copied) under N new keys: numbers from 0, and those that were deleted come again.
    abstract Insert: keys: int64[] * vectors: torch.Tensor -> unit

    /// Forgets the vectors of these keys, some of which may be unknown after an `Insert` that failed.
    abstract Delete: keys: int64[] -> unit

    /// The nearest vectors for each query (Q × D), nearest first: distances (Q × n) and keys (Q × n, int64), n being at most `k`. A key
    /// of −1 stands for none, where fewer are found. Only keys that are among `keys` may be found.
    abstract Nearest: queries: torch.Tensor * k: int64 * keys: IndexKeys -> Neighbours

    /// The vectors of these keys (N × D), as they were inserted.
    abstract Read: keys: int64[] -> torch.Tensor

    /// Frees everything; called once, when no search is left.
    abstract Dispose: unit -> unit

    default _.Dispose() = ()

    interface IDisposable with
        member this.Dispose() = this.Dispose()

/// The vectors of an index as its search gets them.
module internal PreparedVectors =

    /// The distance between rows that were scaled before, where it can be told from that of other rows.
    let distance (given: Distance) : Distance voption =
        match given.Kind with
        | DistanceKind.Cosine
        | DistanceKind.DotProduct ->
            ValueSome(DotProductSimilarity(normalizeEmbeddings = false, p = given.P, power = given.Power))
        | DistanceKind.Lp -> ValueSome(LpDistance(normalizeEmbeddings = false, p = given.P, power = given.Power))
        | _ -> ValueNone

    let private isAsWide (argument: string) (vectors: torch.Tensor) (search: VectorSearch) : unit =
        let wanted = search.Dimensions

        if wanted > 0L && vectors.size 1 <> wanted then
            invalidArg
                argument
                $"{argument} has rows of {vectors.size 1} numbers, but those of the index have {wanted}."

    /// What a search that is called by hand is given: a matrix of the index's width. The numbers themselves were checked before.
    let checkRows (argument: string) (vectors: torch.Tensor) (search: VectorSearch) : unit =
        EmbeddingChecks.areMatrices [ struct (argument, vectors) ]
        isAsWide argument vectors search

    /// Keys from 0 below a limit, which a caller may have made up.
    let checkKeys (keys: int64[]) (limit: int64) : unit =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)

        for key in keys do
            if key < 0L || key >= limit then
                invalidArg (nameof keys) $"{key} is no key of this search: keys are numbers from 0 to {limit - 1L}."

    /// Checked and scaled rows of at least 32 bits.
    let prepare (argument: string) (vectors: torch.Tensor) (search: VectorSearch) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(vectors, argument)
        EmbeddingChecks.areComparable [ struct (argument, vectors) ]
        isAsWide argument vectors search
        let rows = Numeric.atLeast32 (vectors.detach ())

        if (distance search.Distance).IsSome then
            search.Distance.MaybeNormalize rows
        else
            rows
