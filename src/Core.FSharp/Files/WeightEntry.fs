namespace MetricLearning

open MetricLearning.Core
open TorchSharp

/// A tensor in a file of weights.
[<NoComparison>]
type WeightEntry =
    {
        /// Its name there.
        Name: string
        /// What its elements are.
        Dtype: torch.ScalarType
        /// Its shape; empty for a scalar.
        Shape: int64[]
    }
