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

    member internal this.CheckWidth(argument: string, vectors: torch.Tensor) : unit =
        let wanted = this.Dimensions

        if wanted > 0L && vectors.size 1 <> wanted then
            invalidArg
                argument
                $"{argument} has rows of {vectors.size 1} numbers, but those of the index have {wanted}."

    /// An ArgumentException unless these can be inserted: a matrix as wide as the vectors that are there, and a key from 0 for each row. An index has
    /// checked what it passes on; others may call a search, too.
    member this.CheckInsert(keys: int64[], vectors: torch.Tensor) : unit =
        ArgumentNullException.ThrowIfNull(keys, nameof keys)
        EmbeddingChecks.areMatrices [ struct (nameof vectors, vectors) ]
        this.CheckWidth(nameof vectors, vectors)

        if keys.LongLength <> vectors.size 0 then
            invalidArg (nameof keys) $"There are {keys.Length} keys for {vectors.size 0} vectors."

        match keys |> Array.tryFind (fun key -> key < 0L) with
        | Some key -> invalidArg (nameof keys) $"{key} is no key: keys are numbers from 0."
        | None -> ()

    /// The same for what is asked: a matrix as wide as the vectors that are there, and at least one neighbour.
    member this.CheckNearest(queries: torch.Tensor, k: int64, keys: IndexKeys) : unit =
        EmbeddingChecks.areMatrices [ struct (nameof queries, queries) ]
        this.CheckWidth(nameof queries, queries)
        Ranges.atLeast 1L (nameof k) k
        ArgumentNullException.ThrowIfNull(keys, nameof keys)

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

    /// Checked and scaled rows of at least 32 bits.
    let prepare (argument: string) (vectors: torch.Tensor) (search: VectorSearch) : torch.Tensor =
        ArgumentNullException.ThrowIfNull(vectors, argument)
        EmbeddingChecks.areComparable [ struct (argument, vectors) ]
        search.CheckWidth(argument, vectors)
        let rows = Numeric.atLeast32 (vectors.detach ())

        if (distance search.Distance).IsSome then
            search.Distance.MaybeNormalize rows
        else
            rows
