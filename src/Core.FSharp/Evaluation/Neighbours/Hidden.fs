namespace MetricLearning

open TorchSharp

/// References that a query may not find.
[<RequireQualifiedAccess; ReferenceEquality>]
type internal Hidden =
    | Nothing
    /// The same for every query (R, bool); so many others there are.
    | References of isHidden: torch.Tensor * shown: int64
    /// Those with the label of the query, by labels of queries (Q) and references (R).
    | OwnLabel of queries: torch.Tensor * references: torch.Tensor

module internal Hidden =

    let private hidden = Numeric.scalar infinity

    // (n × 1), of queries from this one on.
    let private labelsOf (labels: torch.Tensor) (first: int64) (count: int64) : torch.Tensor =
        labels.narrow(0L, first, count).unsqueeze 1L

    /// The most references, of so many, that a search may return; those hidden from one query alone are last among them.
    let findable (references: int64) (what: Hidden) : int64 =
        match what with
        | Hidden.References(_, shown) -> shown
        | Hidden.Nothing
        | Hidden.OwnLabel _ -> references

    /// Makes what is hidden infinitely far, in the nearness (Qt × Rt) of queries and references from these on.
    let inTile (what: Hidden) (firstRow: int64) (firstColumn: int64) (scores: torch.Tensor) : unit =
        let hide (mask: torch.Tensor) =
            scores.masked_fill_ (mask, hidden) |> ignore

        let columns (tensor: torch.Tensor) =
            tensor.narrow (0L, firstColumn, scores.size 1)

        match what with
        | Hidden.Nothing -> ()
        | Hidden.References(isHidden, _) -> hide (columns isHidden)
        | Hidden.OwnLabel(queries, references) ->
            hide ((labelsOf queries firstRow (scores.size 0)).eq(columns references))

    /// The same in what was found for queries from this one on.
    let inFound (what: Hidden) (firstRow: int64) (found: Ranked) : Ranked =
        match what with
        | Hidden.OwnLabel(queries, references) ->
            let ofFound =
                references.index_select(0L, found.Columns.reshape [| -1L |]).view_as found.Columns

            let isOwn = (labelsOf queries firstRow (found.Columns.size 0)).eq ofFound

            { found with
                Values = found.Values.masked_fill (isOwn, hidden)
            }
        | Hidden.Nothing
        // Of these, none was found.
        | Hidden.References _ -> found
