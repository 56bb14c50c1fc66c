namespace MetricLearning

open TorchSharp

/// Taking and adding up rows so that sums, and gradients, are the same bits in every call on every device. On CUDA, libtorch's
/// index_select (in its backward pass), index_add, scatter_add and cumsum add in whatever order their threads arrive.
module internal InOrder =

    /// The forms for CUDA: indexing, in its backward pass, and index_put sort before they add.
    module Sorted =

        let rows (indices: torch.Tensor) (tensor: torch.Tensor) : torch.Tensor = tensor.index indices

        let add (indices: torch.Tensor) (values: torch.Tensor) (totals: torch.Tensor) : torch.Tensor =
            totals.clone().index_put_(values, [| indices |], true)

        let addInRows (indices: torch.Tensor) (values: torch.Tensor) (totals: torch.Tensor) : torch.Tensor =
            let row = (Numeric.upTo (values.size 0) values.device).unsqueeze 1L
            totals.clone().index_put_(values, [| row.expand_as indices; indices |], true)

        let runningSums (values: torch.Tensor) : torch.Tensor =
            let count = values.size -1

            values.matmul (torch.ones(count, count, dtype = values.dtype, device = values.device).triu())

    let private isOnCpu (tensor: torch.Tensor) = tensor.device_type = DeviceType.CPU

    /// The rows of a tensor at these indices (K), which may repeat.
    let rows (indices: torch.Tensor) (tensor: torch.Tensor) : torch.Tensor =
        if isOnCpu tensor then
            tensor.index_select (0L, indices)
        else
            Sorted.rows indices tensor

    /// The totals (C, or C × D), to each of which the values (K, or K × D) with its index (K) are added.
    let add (indices: torch.Tensor) (values: torch.Tensor) (totals: torch.Tensor) : torch.Tensor =
        if isOnCpu values then
            totals.index_add (0L, indices, values, Numeric.scalar 1.0)
        else
            Sorted.add indices values totals

    /// The totals (N × C), to each of which the values (N × M) of its row with its index (N × M) are added.
    let addInRows (indices: torch.Tensor) (values: torch.Tensor) (totals: torch.Tensor) : torch.Tensor =
        if isOnCpu values then
            totals.scatter_add (1L, indices, values)
        else
            Sorted.addInRows indices values totals

    /// Running sums along the last dimension, which is short: some hundred values.
    let runningSums (values: torch.Tensor) : torch.Tensor =
        if isOnCpu values then
            values.cumsum -1L
        else
            Sorted.runningSums values
