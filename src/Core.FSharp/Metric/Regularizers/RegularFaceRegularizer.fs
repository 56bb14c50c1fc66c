namespace MetricLearning

open TorchSharp

/// The similarity of every row to the nearest other row, none of a single row: keeps class weights apart (Zhao et al. 2019,
/// "RegularFace"). The distance must be a similarity. Memory grows with the number of rows, not with its square.
[<Sealed>]
type RegularFaceRegularizer() =
    inherit Regularizer("RegularFaceRegularizer", CosineSimilarity(), MeanReducer())

    // Similarities that are held at a time.
    let most = 1L <<< 22

    // The first row and the number of rows of each tile.
    let tiles (rows: torch.Tensor) =
        let all = rows.size 0
        let each = max 1L (most / all)

        [|
            for first in 0L .. each .. all - 1L -> struct (first, min each (all - first))
        |]

    // The most similar other row of each row. No tile leaves anything behind where the next one wants to lie: freed memory
    // with small remains in it is of no use to a tile.
    let nearest (distance: Distance) (rows: torch.Tensor) : torch.Tensor =
        use _ = torch.no_grad ()

        let found =
            torch.empty (rows.size 0, dtype = torch.ScalarType.Int64, device = rows.device)

        for struct (first, count) in tiles rows do
            use _ = torch.NewDisposeScope()

            let similarities =
                distance.ComputeMatrix(rows.narrow (0L, first, count), rows) |> distance.Raise

            similarities.diagonal(first).fill_(Numeric.scalar (Numeric.lowest similarities.dtype))
            |> ignore

            found.narrow(0L, first, count).copy_(similarities.argmax 1L) |> ignore

        found

    // Row with row. Of a formula of one's own only the matrix takes rows that are normalised already.
    let together (distance: Distance) (rows: torch.Tensor) (others: torch.Tensor) : torch.Tensor =
        let ofTile struct (first: int64, count: int64) =
            distance.ComputeMatrix(rows.narrow (0L, first, count), others.narrow (0L, first, count)).diagonal()

        if distance.Kind = DistanceKind.Other then
            torch.cat (Array.map ofTile (tiles rows), 0L)
        else
            distance.ComputePairs(rows, others)

    override this.CheckDistance distance =
        if not distance.IsInverted then
            invalidArg (nameof this.Distance) $"{this.Name} needs a similarity, such as CosineSimilarity."

    override this.ComputeLoss rows =
        if rows.size 0 < 2L then
            ElementsOf.Nothing("loss", rows)
        else
            let struct (normal, _) = this.Distance.Prepare(rows, null)
            let others = InOrder.rows (nearest this.Distance (normal.detach ())) normal
            ElementsOf.Rows("loss", together this.Distance normal others |> this.Distance.Raise)
