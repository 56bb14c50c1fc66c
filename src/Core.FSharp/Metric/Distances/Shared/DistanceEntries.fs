namespace MetricLearning

open TorchSharp

/// Single entries of a matrix of distances. Where few are wanted, only they are computed: in time and memory linear in
/// their number.
[<Sealed>]
type internal DistanceEntries(distance: Distance, query: torch.Tensor, reference: torch.Tensor | null, wanted: int64) =

    let columns =
        match reference with
        | null -> query.size 0
        | given -> given.size 0

    // Gathering rows and adding their gradients up again costs several times as much as an entry of a matrix product.
    let isSparse =
        distance.Kind <> DistanceKind.Other && wanted * 8L <= query.size 0 * columns

    let prepared = lazy (distance.Prepare(query, reference))
    let matrix = lazy (distance.Matrix(query, reference))

    // Of a triplet, both distances are the anchor's: its rows are gathered, and their gradients added up, once.
    let mutable gathered: struct (torch.Tensor * torch.Tensor) voption = ValueNone

    let gather (query: torch.Tensor) (rows: torch.Tensor) : torch.Tensor =
        match gathered with
        | ValueSome(struct (known, values)) when System.Object.ReferenceEquals(known, rows) -> values
        | _ ->
            let values = InOrder.rows rows query
            gathered <- ValueSome(struct (rows, values))
            values

    /// The entries (rows[i], columns[i]): shape (K).
    member _.At(rows: torch.Tensor, columns: torch.Tensor) : torch.Tensor =
        if isSparse then
            let struct (query, reference) = prepared.Value

            distance.ComputePairs(gather query rows, InOrder.rows columns reference)
            |> distance.Raise
        else
            matrix.Value.index (rows, columns)
