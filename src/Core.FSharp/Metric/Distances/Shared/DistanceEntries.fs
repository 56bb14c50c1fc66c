namespace MetricLearning

open TorchSharp

/// Single entries of a matrix of distances. Where few are wanted, only they are computed: in time and memory linear in
/// their number.
[<Sealed>]
type internal DistanceEntries
    private
    (
        distance: Distance,
        rows: int64,
        columns: int64,
        wanted: int64,
        prepare: unit -> struct (torch.Tensor * torch.Tensor),
        compareAll: unit -> torch.Tensor
    ) =

    // Gathering rows and adding their gradients up again costs several times as much as an entry of a matrix product.
    let isSparse =
        distance.Kind <> DistanceKind.Other
        && DistanceEntries.AreFew(wanted, rows, columns)

    let prepared = lazy (prepare ())
    let matrix = lazy (compareAll ())

    // Of a triplet, both distances are the anchor's: its rows are gathered, and their gradients added up, once.
    let mutable gathered: struct (torch.Tensor * torch.Tensor) voption = ValueNone

    let gather (query: torch.Tensor) (rows: torch.Tensor) : torch.Tensor =
        match gathered with
        | ValueSome(struct (known, values)) when System.Object.ReferenceEquals(known, rows) -> values
        | _ ->
            let values = InOrder.rows rows query
            gathered <- ValueSome(struct (rows, values))
            values

    /// True if so few entries are wanted that each is computed by itself.
    static member AreFew(wanted: int64, rows: int64, columns: int64) : bool = wanted * 8L <= rows * columns

    /// Of the anchors of an input with its reference set.
    static member Of(distance: Distance, input: MetricInput, wanted: int64) : DistanceEntries =
        DistanceEntries(
            distance,
            input.Embeddings.size 0,
            input.RefEmbeddings.size 0,
            wanted,
            (fun () -> InputDistances.rows distance input),
            fun () -> InputDistances.matrix distance input
        )

    /// Of the reference set of an input with itself.
    static member AmongReferences(distance: Distance, input: MetricInput, wanted: int64) : DistanceEntries =
        let size = input.RefEmbeddings.size 0

        // In a tile the whole matrix would be larger than all that the tile needs.
        let size = if isNull input.Tile then size else max size (8L * wanted)

        let prepare () =
            match input.Tile with
            | null -> distance.Prepare(input.RefEmbeddings, null)
            | _ ->
                let struct (_, references) = InputDistances.rows distance input
                struct (references, references)

        DistanceEntries(distance, size, size, wanted, prepare, (fun () -> distance.Matrix(input.RefEmbeddings, null)))

    /// The entries (rows[i], columns[i]): shape (K).
    member _.At(rows: torch.Tensor, columns: torch.Tensor) : torch.Tensor =
        if isSparse then
            let struct (query, reference) = prepared.Value

            distance.ComputePairs(gather query rows, InOrder.rows columns reference)
            |> distance.Raise
        else
            matrix.Value.index (rows, columns)
