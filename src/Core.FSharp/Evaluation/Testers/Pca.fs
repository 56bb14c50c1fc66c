namespace MetricLearning

open TorchSharp

/// Principal components of embeddings: columns are brought to mean 0 and (unbiased) standard deviation 1, and projected on
/// the directions in which they vary most, largest first. The largest number of each direction is above 0. A column that
/// does not vary stays 0.
[<Sealed>]
type internal Pca private (mean: torch.Tensor, deviation: torch.Tensor, directions: torch.Tensor) =

    /// The components of embeddings (N × D), `size` of them. The tensors belong to the open dispose scope.
    /// ArgumentException unless there are at least two embeddings and `size` is from 1 to D.
    static member Fit(embeddings: torch.Tensor, size: int) : Pca =
        let rows, columns = embeddings.size 0, embeddings.size 1

        if int64 size < 1L || int64 size > columns then
            invalidArg "pca" $"Pca is {size}, but embeddings have {columns} numbers: give 1 to {columns}."

        if rows < 2L then
            invalidArg
                "pca"
                $"{rows} embedding has no principal components: leave Pca out, or give at least two samples."

        use scope = torch.NewDisposeScope()
        use _ = torch.no_grad ()
        let precise = embeddings.to_type torch.float64
        let mean = precise.mean [| 0L |]
        let deviation = precise.std (0L, true, false)

        let deviation =
            deviation.where (deviation.gt (Numeric.scalar 0.0), torch.ones_like deviation)

        let standard = (precise - mean).div_ deviation
        let covariance = standard.t().mm(standard)
        let struct (_, vectors) = torch.linalg.eigh covariance
        let directions = vectors.flip(1L).narrow(1L, 0L, int64 size)
        let largest = directions.gather (0L, directions.abs().argmax(0L, true))
        let directions = directions * largest.sign ()

        let like (tensor: torch.Tensor) =
            tensor.to_type (Numeric.atLeast32 embeddings).dtype

        let mean, deviation, directions = like mean, like deviation, like directions
        scope.MoveToOuter(mean, deviation, directions) |> ignore
        Pca(mean, deviation, directions)

    /// Embeddings (N × D) as (N × size).
    member _.Project(embeddings: torch.Tensor) : torch.Tensor =
        (embeddings.to_type mean.dtype - mean).div_(deviation).mm directions
