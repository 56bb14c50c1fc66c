namespace MetricLearning

open System
open TorchSharp
open MetricLearning.Core

/// The samples of one iteration. Owns its tensors.
[<ReferenceEquality>]
type Batch =
    {
        /// The inputs of the trunk, one or several: N rows each, dtype and device as in the data set.
        Data: torch.Tensor[]
        /// The label of each row: int64, on the CPU, mapped; (N) where one level was chosen, else (N × levels).
        Labels: torch.Tensor
        /// The indices of the samples in the data set.
        Indices: int64[]
    }

    interface IDisposable with
        member batch.Dispose() =
            batch.Data |> Array.iter _.Dispose()
            batch.Labels.Dispose()
