namespace MetricLearning.Core

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

    /// The entries (rows[i], columns[i]): shape (K).
    member _.At(rows: torch.Tensor, columns: torch.Tensor) : torch.Tensor =
        if isSparse then
            let struct (query, reference) = prepared.Value

            distance.ComputePairs(query.index_select (0L, rows), reference.index_select (0L, columns))
            |> distance.Raise
        else
            matrix.Value.index (rows, columns)
